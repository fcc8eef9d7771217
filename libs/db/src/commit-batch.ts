import { at, type CommitReport, type EventBatch, inShortTurns, type ScoredBatch } from '@flowline/events';
import type pg from 'pg';

import type { Arrivals } from './arrivals.ts';
import { batchTimeMs } from './alert-observations.ts';
import { appendToBacklog } from './anomaly-backlog.ts';
import { deadLetterRows } from './batch-rows.ts';
import { copyRows } from './copy-rows.ts';
import type { Database } from './database.ts';
import { storeDiscoveries } from './discoveries.ts';
import { collectedEventRows, type KeptRows, scoredEventRows, type SourceIds } from './event-rows.ts';
import { noteSeenEntities } from './entity-claims.ts';
import { storeEventIds } from './event-ids.ts';
import { firstRowBeyond } from './fence.ts';
import { ensurePartitionsWhenDue } from './partitions.ts';
import type { RowPrecision } from './rounding.ts';
import { sampler } from './sampling.ts';
import { commitSettingAside } from './set-aside.ts';
import { copyDeadLetters } from './sql/dead-letters.ts';
import { updateOffset } from './sql/offsets.ts';
import { copyEventScores, selectScoreSource } from './sql/scored-events.ts';
import { type AlertingOptions, storeAnomalies } from './store-anomalies.ts';
import { storeSummaries } from './store-summaries.ts';
import { takeFence } from './take-fence.ts';
import { withTransaction } from './transaction.ts';
import { snapshotOf, storeSnapshot } from './windows.ts';

/** Options for storing a batch. */
export interface CommitOptions extends AlertingOptions {
  /**
   * Share of normal events whose rows are kept, in [0, 1] (default 1). Anomalies are always kept,
   * and every event is counted.
   */
  readonly sample?: number;
  /**
   * `compact`: scores and values in seven significant digits, as far as that is without effect
   * worth mentioning. `exact` (default): all digits.
   */
  readonly precision?: RowPrecision;
  /** Timeout of an attempt (default 30,000 ms). */
  readonly timeoutMs?: number;
  /** Arrivals to note for the watch of absences; absent if none is watched. */
  readonly arrivals?: Arrivals;
}

/**
 * Stores a batch and moves its stream's offset, in one transaction. Anything below the stored
 * offset was stored before, by this process or another, and is dropped: repeating a commit, or
 * racing another worker for it, stores nothing twice. If Postgres refuses the batch because of its
 * data, the refused records become dead letters and the others are stored.
 * @throws FlowlineError, retryable if the same call may succeed later (nothing is stored, or all of
 * it).
 */
export async function commitBatch(db: Database, batch: ScoredBatch, options: CommitOptions): Promise<CommitReport> {
  checkOffsets(batch);
  await ensurePartitionsWhenDue(db);
  await noteSeenEntities(db, batch);
  const report = await commitSettingAside(batch, (part) => commitScored(db, part, options));
  options.arrivals?.remember(batch);
  return report;
}

async function commitScored(db: Database, batch: ScoredBatch, options: CommitOptions): Promise<CommitReport> {
  const { sample = 1, precision = 'exact' } = options;
  const transaction = options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs };
  const windows = await snapshotOf(batch);
  return withTransaction(
    db,
    async (client) => {
      const sources = await sourcesOf(client, batch);
      // Encoded before the fence is taken, to hold the lock as briefly as possible.
      const inSample = sampler(batch.topic, batch.partition, sample);
      const rows = await inShortTurns(scoredEventRows(batch, sources, { inSample, precision }));
      const fence = await takeFence(client, batch);
      const duplicates = await storeEventIds(client, batch, fence.nextOffset);
      const firstRow = firstRowBeyond(batch, fence.nextOffset);
      await storeDiscoveries(client, batch, { nextOffset: fence.nextOffset, firstRow });
      await copyKept(client, rows, firstRow);
      await storeSummaries(client, sources.own, batch, firstRow);
      const hasWindows = await storeSnapshot(client, batch, windows, fence.nextOffset);
      const fresh = freshAnomalies(batch, firstRow, fence.alertsDue);
      const stored = { fence: fence.nextOffset, firstRow, duplicates, anomalies: fresh.count, hasWindows };
      const model = { modelVersion: batch.modelVersion, expected: expectedOf(batch, firstRow) };
      const { report, hasBacklog } = await finish(client, batch, { ...stored, model });
      // Last: batches of other partitions wait for the lock of the alerts.
      const waiting = await writeOut(client, batch, fresh, hasBacklog, options);
      await options.arrivals?.note(client, batch, firstRow);
      return waiting === 0 ? report : { ...report, waiting };
    },
    transaction,
  );
}

/** Anomalies of a batch that are not stored yet, and the event time that it brings their alerts. */
interface FreshAnomalies {
  readonly anomalies: ScoredBatch['anomalies'];
  /** Rows of those beyond. */
  readonly further: readonly number[];
  readonly count: number;
  /** Event time that the stream has reached; null if nothing depends on it. */
  readonly timeMs: number | null;
  /** True if an alert of the stream is due to be resolved at that time. */
  readonly isDue: boolean;
}

function freshAnomalies(batch: ScoredBatch, firstRow: number, alertsDue: Date | null): FreshAnomalies {
  const isNew = (row: number): boolean => row >= firstRow;
  const anomalies = batch.anomalies.filter(({ row }) => isNew(row));
  const further = batch.backlog?.rows.filter(isNew) ?? [];
  const timeMs = anomalies.length > 0 || alertsDue !== null ? batchTimeMs(batch, firstRow) : null;
  const isDue = timeMs !== null && alertsDue !== null && timeMs >= alertsDue.getTime();
  return { anomalies, further, count: anomalies.length + further.length, timeMs, isDue };
}

/**
 * Writes out the new anomalies, what becomes of their alerts and the messages about that; also
 * resolves the alerts whose time has come with the batch. Anomalies beyond those of `anomalies`
 * wait in the backlog, as do all while others of the stream wait there: their order is kept.
 * @returns the number of those that wait.
 */
async function writeOut(
  client: pg.PoolClient,
  batch: ScoredBatch,
  { anomalies, further, count, ...reached }: FreshAnomalies,
  hasBacklog: boolean,
  options: AlertingOptions,
): Promise<number> {
  if (count === 0 && !reached.isDue) return 0;
  const { backlog } = batch;
  const waitsBehind = backlog !== undefined && hasBacklog;
  const waiting = waitsBehind ? [...anomalies.map(({ row }) => row), ...further] : further;
  // While anomalies wait no time passes: it would resolve alerts that they keep open.
  const time = waiting.length === 0 ? reached : { timeMs: null, isDue: false };
  if (!waitsBehind) await storeAnomalies(client, batch, { anomalies, ...time }, options);
  if (backlog !== undefined) await appendToBacklog(client, batch, waiting, backlog.pack);
  return waiting.length;
}

/**
 * Stores the events of a batch without scores, for a detector that has no model yet, and moves its
 * stream's offset. Fence and guarantees are those of {@link commitBatch}.
 */
export async function commitCollected(db: Database, batch: EventBatch, arrivals?: Arrivals): Promise<CommitReport> {
  checkOffsets(batch);
  await ensurePartitionsWhenDue(db);
  await noteSeenEntities(db, batch);
  const report = await commitSettingAside(batch, (part) => commitUnscored(db, part, arrivals));
  arrivals?.remember(batch);
  return report;
}

async function commitUnscored(db: Database, batch: EventBatch, arrivals?: Arrivals): Promise<CommitReport> {
  const windows = await snapshotOf(batch);
  return withTransaction(db, async (client) => {
    const { detector, detectorVersion, topic, partition } = batch;
    const source = { detector, detectorVersion, modelVersion: null, topic, partition };
    const { sourceId } = await selectScoreSource(client, source);
    const rows = await inShortTurns(collectedEventRows(batch, sourceId));
    const { nextOffset: fence } = await takeFence(client, batch);
    const duplicates = await storeEventIds(client, batch, fence);
    const firstRow = firstRowBeyond(batch, fence);
    await copyKept(client, rows, firstRow);
    const hasWindows = await storeSnapshot(client, batch, windows, fence);
    await arrivals?.note(client, batch, firstRow);
    const stored = { fence, firstRow, duplicates, anomalies: 0, hasWindows };
    return (await finish(client, batch, { ...stored, model: null })).report;
  });
}

/**
 * Ids of the sources of a batch's events. They are looked up in every transaction: an id that a
 * process remembered could be another source's after the database was restored.
 */
async function sourcesOf(client: pg.PoolClient, batch: ScoredBatch): Promise<SourceIds> {
  const { detector, detectorVersion, modelVersion, topic, partition, valuesInForce } = batch;
  const source = { detector, detectorVersion, modelVersion, topic, partition };
  const { sourceId: own } = await selectScoreSource(client, source);
  if (valuesInForce === null) return { own, inForce: own };
  const inForce = { ...source, detectorVersion: valuesInForce.detectorVersion };
  return { own, inForce: (await selectScoreSource(client, inForce)).sourceId };
}

/** Copies the kept rows from a row of the batch on. */
async function copyKept(client: pg.PoolClient, { copy, before }: KeptRows, firstRow: number) {
  const first = before(firstRow);
  if (first < copy.rows) await copyRows(client, copyEventScores, copy, first);
}

interface Stored {
  readonly fence: number;
  readonly firstRow: number;
  /** Repeats of events that were stored. */
  readonly duplicates: number;
  /**
   * Model that scored the events, and the alarms to be expected of it; null if they were only
   * collected.
   */
  readonly model: { readonly modelVersion: number; readonly expected: number } | null;
  readonly anomalies: number;
  /** False if the batch had a snapshot of windows that is not stored. */
  readonly hasWindows: boolean;
}

/** Alarms to be expected among the events from a row on: the sum of their thresholds. */
function expectedOf({ size, alpha, discoveries }: ScoredBatch, firstRow: number): number {
  if (discoveries === undefined) return (size - firstRow) * alpha;
  return discoveries.thresholds.subarray(firstRow).reduce((sum, threshold) => sum + threshold, 0);
}

/**
 * Stores the dead letters, counts the events and moves the fence. Tells whether anomalies of the
 * stream wait in the backlog.
 */
async function finish(
  client: pg.PoolClient,
  batch: EventBatch,
  { fence, firstRow, duplicates, model, anomalies, hasWindows }: Stored,
): Promise<{ readonly report: CommitReport; readonly hasBacklog: boolean }> {
  const { detector, topic, partition, nextOffset, lastRecordTimeMs } = batch;
  const letters = batch.deadLetters.filter(({ offset }) => offset >= fence);
  if (letters.length > 0) await copyRows(client, copyDeadLetters, deadLetterRows(batch, letters));
  const stored = batch.size - firstRow;
  let hasBacklog = false;
  if (nextOffset > fence) {
    const recordTime = lastRecordTimeMs === null ? null : new Date(lastRecordTimeMs);
    const { modelVersion, expected } = model ?? { modelVersion: null, expected: 0 };
    const counts = { modelVersion, expected, events: stored, anomalies };
    ({ hasBacklog } = await updateOffset(client, { detector, topic, partition, nextOffset, recordTime, ...counts }));
  }
  const repeats = batch.ids?.duplicates.length ?? 0;
  const alreadyStored = firstRow + batch.deadLetters.length - letters.length + repeats - duplicates;
  const report = {
    ...{ stored, alreadyStored, anomalies, deadLetters: letters.length, refused: 0 },
    ...(batch.ids === undefined ? {} : { duplicates }),
    ...(hasWindows ? {} : { windowsRefused: true }),
  };
  return { report, hasBacklog };
}

/** Checks that offsets increase and lie below the batch's end, as the fence requires. */
function checkOffsets(batch: EventBatch): void {
  const where = `${batch.detector}, ${batch.topic}[${batch.partition}]`;
  let previous = -1;
  for (let row = 0; row < batch.size; row++) {
    const offset = at(batch.offsets, row);
    if (!(offset > previous)) throw new RangeError(`${where}: offset ${offset} of row ${row} follows ${previous}`);
    previous = offset;
  }
  for (const { offset } of [...batch.deadLetters, ...(batch.ids?.duplicates ?? [])])
    previous = Math.max(previous, offset);
  if (!(batch.nextOffset > previous))
    throw new RangeError(`${where}: next offset ${batch.nextOffset} is not beyond ${previous}`);
}
