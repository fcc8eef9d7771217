import { at, type CommitReport, type EventBatch, type ScoredBatch } from '@flowline/events';
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
import { selectHasBacklog } from './sql/anomaly-backlog.ts';
import { copyDeadLetters } from './sql/dead-letters.ts';
import { updateOffset } from './sql/offsets.ts';
import { copyEventScores, selectScoreSource } from './sql/scored-events.ts';
import { type AlertingOptions, storeAnomalies } from './store-anomalies.ts';
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
      const rows = scoredEventRows(batch, sources, { inSample, precision });
      const fence = await takeFence(client, batch);
      const duplicates = await storeEventIds(client, batch, fence.nextOffset);
      const firstRow = firstRowBeyond(batch, fence.nextOffset);
      await storeDiscoveries(client, batch, { nextOffset: fence.nextOffset, firstRow });
      await copyKept(client, rows, firstRow);
      const { anomalies, waiting } = await writeOut(client, batch, { firstRow, alertsDue: fence.alertsDue }, options);
      const hasWindows = await storeSnapshot(client, batch, windows, fence.nextOffset);
      await options.arrivals?.note(client, batch, firstRow);
      const stored = { fence: fence.nextOffset, firstRow, duplicates, anomalies, waiting, hasWindows };
      return finish(client, batch, {
        ...stored,
        model: { modelVersion: batch.modelVersion, expected: expectedOf(batch, firstRow) },
      });
    },
    transaction,
  );
}

/**
 * Writes out the new anomalies, what becomes of their alerts and the messages about that; also
 * resolves the alerts whose time has come with the batch. Anomalies beyond those of `anomalies`
 * wait in the backlog, as do all while others of the stream wait there: their order is kept.
 */
async function writeOut(
  client: pg.PoolClient,
  batch: ScoredBatch,
  { firstRow, alertsDue }: { readonly firstRow: number; readonly alertsDue: Date | null },
  options: AlertingOptions,
): Promise<{ anomalies: number; waiting: number }> {
  const isNew = (row: number): boolean => row >= firstRow;
  const anomalies = batch.anomalies.filter(({ row }) => isNew(row));
  const further = batch.backlog?.rows.filter(isNew) ?? [];
  const count = anomalies.length + further.length;
  const timeMs = anomalies.length > 0 || alertsDue !== null ? batchTimeMs(batch, firstRow) : null;
  const isDue = timeMs !== null && alertsDue !== null && timeMs >= alertsDue.getTime();
  if (count === 0 && !isDue) return { anomalies: 0, waiting: 0 };
  const { backlog, detector, topic, partition } = batch;
  const waitsBehind =
    backlog !== undefined && (await selectHasBacklog(client, { detector, topic, partition })).hasBacklog;
  const waiting = waitsBehind ? [...anomalies.map(({ row }) => row), ...further] : further;
  // While anomalies wait no time passes: it would resolve alerts that they keep open.
  const time = waiting.length === 0 ? { timeMs, isDue } : { timeMs: null, isDue: false };
  if (!waitsBehind) await storeAnomalies(client, batch, { anomalies, ...time }, options);
  if (backlog !== undefined) await appendToBacklog(client, batch, waiting, backlog.pack);
  return { anomalies: count, waiting: waiting.length };
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
    const rows = collectedEventRows(batch, (await selectScoreSource(client, source)).sourceId);
    const { nextOffset: fence } = await takeFence(client, batch);
    const duplicates = await storeEventIds(client, batch, fence);
    const firstRow = firstRowBeyond(batch, fence);
    await copyKept(client, rows, firstRow);
    const hasWindows = await storeSnapshot(client, batch, windows, fence);
    await arrivals?.note(client, batch, firstRow);
    const stored = { fence, firstRow, duplicates, anomalies: 0, waiting: 0, hasWindows };
    return finish(client, batch, { ...stored, model: null });
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
  /** Anomalies that wait in the backlog. */
  readonly waiting: number;
  /** False if the batch had a snapshot of windows that is not stored. */
  readonly hasWindows: boolean;
}

/** Alarms to be expected among the events from a row on: the sum of their thresholds. */
function expectedOf({ size, alpha, discoveries }: ScoredBatch, firstRow: number): number {
  if (discoveries === undefined) return (size - firstRow) * alpha;
  return discoveries.thresholds.subarray(firstRow).reduce((sum, threshold) => sum + threshold, 0);
}

/** Stores the dead letters, counts the events and moves the fence. */
async function finish(
  client: pg.PoolClient,
  batch: EventBatch,
  { fence, firstRow, duplicates, model, anomalies, waiting, hasWindows }: Stored,
): Promise<CommitReport> {
  const { detector, topic, partition, nextOffset, lastRecordTimeMs } = batch;
  const letters = batch.deadLetters.filter(({ offset }) => offset >= fence);
  if (letters.length > 0) await copyRows(client, copyDeadLetters, deadLetterRows(batch, letters));
  const stored = batch.size - firstRow;
  if (nextOffset > fence) {
    const recordTime = lastRecordTimeMs === null ? null : new Date(lastRecordTimeMs);
    const { modelVersion, expected } = model ?? { modelVersion: null, expected: 0 };
    const counts = { modelVersion, expected, events: stored, anomalies };
    await updateOffset(client, { detector, topic, partition, nextOffset, recordTime, ...counts });
  }
  const repeats = batch.ids?.duplicates.length ?? 0;
  const alreadyStored = firstRow + batch.deadLetters.length - letters.length + repeats - duplicates;
  return {
    ...{ stored, alreadyStored, anomalies, deadLetters: letters.length, refused: 0 },
    ...(batch.ids === undefined ? {} : { duplicates }),
    ...(hasWindows ? {} : { windowsRefused: true }),
    ...(waiting === 0 ? {} : { waiting }),
  };
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
