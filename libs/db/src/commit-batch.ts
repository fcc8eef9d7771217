import type { AlertRules } from '@flowline/alerts';
import { type Anomaly, at, type CommitReport, type EventBatch, type ScoredBatch } from '@flowline/events';
import type pg from 'pg';

import { anomalyRows, deadLetterRows } from './batch-rows.ts';
import { batchTimeMs } from './alert-observations.ts';
import { commitAlerts, type CommittedAlerts } from './commit-alerts.ts';
import { copyRows } from './copy-rows.ts';
import type { Database } from './database.ts';
import { collectedEventRows, type KeptRows, scoredEventRows, type SourceIds } from './event-rows.ts';
import { noteSeenEntities } from './entity-claims.ts';
import { storeEventIds } from './event-ids.ts';
import { firstRowBeyond } from './fence.ts';
import { ensurePartitionsWhenDue } from './partitions.ts';
import type { RowPrecision } from './rounding.ts';
import { sampler } from './sampling.ts';
import { commitSettingAside } from './set-aside.ts';
import { copyAnomalies } from './sql/anomalies.ts';
import { copyDeadLetters } from './sql/dead-letters.ts';
import { updateOffset } from './sql/offsets.ts';
import { copyEventScores, selectScoreSource } from './sql/scored-events.ts';
import { type AlertAddress, storeMessages } from './store-messages.ts';
import { takeFence } from './take-fence.ts';
import { withTransaction } from './transaction.ts';
import { snapshotOf, storeSnapshot } from './windows.ts';

/** Options for storing a batch. */
export interface CommitOptions {
  /** Topic of the sink `kafka` for messages about alerts; null if it gets none. */
  readonly alertTopic: string | null;
  /** Other sinks for these messages (default none). */
  readonly alertSinks?: readonly AlertAddress[];
  /**
   * Rules by which anomalies become alerts. By default every anomaly is an alert of its own, and
   * nobody is told of resolutions.
   */
  readonly alertRules?: AlertRules;
  /** True if event ids identify events: a repeated id raises no second alert (default false). */
  readonly oncePerEvent?: boolean;
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
  return commitSettingAside(batch, (part) => commitScored(db, part, options));
}

/** Rules by which every anomaly is an alert of its own. */
const EACH_ANOMALY: AlertRules = {
  ...{ groupBy: ['event'], sendResolved: false, minEvents: { count: 1, withinMs: 1 } },
  ...{ cooldownMs: 0, resolveAfterMs: 900_000, mergeGapMs: 0 },
  severityBits: { warning: 13.3, major: 16.6, critical: 19.9 },
  storm: { alerts: Number.MAX_SAFE_INTEGER - 1, windowMs: 1 },
};

const NO_ALERTS: CommittedAlerts = { alertIds: [], messages: [] };

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
      await copyKept(client, rows, firstRow);
      const anomalies = batch.anomalies.filter(({ row }) => row >= firstRow);
      await alert(client, batch, { anomalies, firstRow, alertsDue: fence.alertsDue }, options);
      const hasWindows = await storeSnapshot(client, batch, windows, fence.nextOffset);
      const stored = { fence: fence.nextOffset, firstRow, duplicates, anomalies: anomalies.length, hasWindows };
      return finish(client, batch, { ...stored, model: batch });
    },
    transaction,
  );
}

/**
 * Stores the new anomalies, what becomes of their alerts and the messages about that; also resolves
 * the alerts whose time has come with the batch.
 */
async function alert(
  client: pg.PoolClient,
  batch: ScoredBatch,
  { anomalies, firstRow, alertsDue }: { anomalies: readonly Anomaly[]; firstRow: number; alertsDue: Date | null },
  options: CommitOptions,
): Promise<void> {
  const told = anomalies.filter(({ verdict }) => (verdict?.suppressedBy ?? null) === null);
  const { alertIds, messages } = await alertOf(client, batch, told, { firstRow, alertsDue }, options);
  if (anomalies.length > 0) {
    const alertOfAnomaly = new Map(told.map((anomaly, i) => [anomaly, at(alertIds, i)]));
    const ids = anomalies.map((anomaly) => alertOfAnomaly.get(anomaly) ?? null);
    await copyRows(client, copyAnomalies, anomalyRows(batch, anomalies, ids));
  }
  const { alertTopic: topic, alertSinks = [] } = options;
  const addresses = [...(topic === null ? [] : [{ sink: 'kafka', topic }]), ...alertSinks];
  await storeMessages(client, batch.detector, messages, addresses);
}

/** Takes the anomalies that are not suppressed through the lives of their alerts. */
async function alertOf(
  client: pg.PoolClient,
  batch: ScoredBatch,
  told: readonly Anomaly[],
  { firstRow, alertsDue }: { firstRow: number; alertsDue: Date | null },
  { alertRules: rules = EACH_ANOMALY, oncePerEvent = false }: CommitOptions,
): Promise<CommittedAlerts> {
  if (told.length === 0 && alertsDue === null) return NO_ALERTS;
  const timeMs = batchTimeMs(batch, firstRow);
  if (told.length === 0 && (timeMs === null || alertsDue === null || timeMs < alertsDue.getTime())) return NO_ALERTS;
  return commitAlerts(client, batch, told, timeMs, { rules, oncePerEvent });
}

/**
 * Stores the events of a batch without scores, for a detector that has no model yet, and moves its
 * stream's offset. Fence and guarantees are those of {@link commitBatch}.
 */
export async function commitCollected(db: Database, batch: EventBatch): Promise<CommitReport> {
  checkOffsets(batch);
  await ensurePartitionsWhenDue(db);
  await noteSeenEntities(db, batch);
  return commitSettingAside(batch, (part) => commitUnscored(db, part));
}

async function commitUnscored(db: Database, batch: EventBatch): Promise<CommitReport> {
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
    return finish(client, batch, { fence, firstRow, duplicates, model: null, anomalies: 0, hasWindows });
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
  /** Model that scored the events; null if they were only collected. */
  readonly model: Pick<ScoredBatch, 'modelVersion' | 'alpha'> | null;
  readonly anomalies: number;
  /** False if the batch had a snapshot of windows that is not stored. */
  readonly hasWindows: boolean;
}

/** Stores the dead letters, counts the events and moves the fence. */
async function finish(
  client: pg.PoolClient,
  batch: EventBatch,
  { fence, firstRow, duplicates, model, anomalies, hasWindows }: Stored,
): Promise<CommitReport> {
  const { detector, topic, partition, nextOffset, lastRecordTimeMs } = batch;
  const letters = batch.deadLetters.filter(({ offset }) => offset >= fence);
  if (letters.length > 0) await copyRows(client, copyDeadLetters, deadLetterRows(batch, letters));
  const stored = batch.size - firstRow;
  if (nextOffset > fence) {
    const recordTime = lastRecordTimeMs === null ? null : new Date(lastRecordTimeMs);
    const { modelVersion, alpha } = model ?? { modelVersion: null, alpha: 0 };
    const counts = { modelVersion, alpha, events: stored, anomalies };
    await updateOffset(client, { detector, topic, partition, nextOffset, recordTime, ...counts });
  }
  const repeats = batch.ids?.duplicates.length ?? 0;
  const alreadyStored = firstRow + batch.deadLetters.length - letters.length + repeats - duplicates;
  const counted = { stored, alreadyStored, anomalies, deadLetters: letters.length, refused: 0 };
  const report = batch.ids === undefined ? counted : { ...counted, duplicates };
  return hasWindows ? report : { ...report, windowsRefused: true };
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
