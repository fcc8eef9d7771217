import type { CommitReport, EventBatch, ScoredBatch } from '@flowline/events';
import type pg from 'pg';

import { anomalyRows, collectedEventRows, deadLetterRows, type KeptRows, scoredEventRows } from './batch-rows.ts';
import { copyRows } from './copy-rows.ts';
import type { Database } from './database.ts';
import { detectorMissing } from './detectors.ts';
import { type Fence, firstRowBeyond, refusal } from './fence.ts';
import { streamRewound, topicReplaced } from './offsets.ts';
import { ensurePartitionsWhenDue } from './partitions.ts';
import { sampler } from './sampling.ts';
import { commitSettingAside } from './set-aside.ts';
import { copyAnomalies } from './sql/anomalies-copy.ts';
import { copyCollectedEvents } from './sql/collected-events-copy.ts';
import { copyDeadLetters } from './sql/dead-letters-copy.ts';
import { lockDetectorStreams } from './sql/detector-stream-lock.ts';
import { selectDetectorState } from './sql/detector-state-select.ts';
import { insertOffset } from './sql/offset-insert.ts';
import { lockOffset } from './sql/offset-lock.ts';
import { updateOffset } from './sql/offset-update.ts';
import { copyScoredEvents } from './sql/scored-events-copy.ts';
import { storeAlerts } from './store-alerts.ts';
import { withTransaction } from './transaction.ts';
import { storeEntities } from './windows.ts';

/** How a batch is stored. */
export interface CommitOptions {
  /** The topic that its alerts will be sent to; null: anomalies are stored, and no alert leaves. */
  readonly alertTopic: string | null;
  /** Who will send its alerts (default `kafka`). */
  readonly alertSink?: string;
  /** Event ids name events: one that comes again raises no second alert (default false). */
  readonly oncePerEvent?: boolean;
  /** The share of normal events whose rows are kept, in [0, 1] (default 1); anomalies always are, and every event is counted. */
  readonly sample?: number;
  /** Longer than this, the attempt is given up (default 30,000). */
  readonly timeoutMs?: number;
}

/**
 * Stores a batch and moves its stream's offset, in one transaction. Whatever lies below the stored offset was stored before, by
 * this process or another, and is dropped: repeating a commit, or racing another worker for it, stores nothing twice. Where Postgres
 * refuses the batch for its data, the records that it refuses become dead letters, and the others are stored.
 * @throws FlowlineError, retryable when the same call may succeed later (nothing is stored, or all of it).
 */
export async function commitBatch(db: Database, batch: ScoredBatch, options: CommitOptions): Promise<CommitReport> {
  checkOffsets(batch);
  await ensurePartitionsWhenDue(db);
  return commitSettingAside(batch, (part) => commitScored(db, part, options));
}

async function commitScored(db: Database, batch: ScoredBatch, options: CommitOptions): Promise<CommitReport> {
  // Encoded before the fence is taken: the lock is held for as short as can be.
  const rows = scoredEventRows(batch, sampler(batch.topic, batch.partition, options.sample ?? 1));
  const transaction = options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs };
  return withTransaction(
    db,
    async (client) => {
      const fence = await takeFence(client, batch);
      const firstRow = firstRowBeyond(batch, fence);
      await copyKept(client, copyScoredEvents, rows, firstRow);
      const anomalies = batch.anomalies.filter(({ row }) => row >= firstRow);
      if (anomalies.length > 0) {
        await copyRows(client, copyAnomalies, anomalyRows(batch, anomalies));
        const { alertTopic: topic, alertSink: sink = 'kafka', oncePerEvent = false } = options;
        if (topic !== null) await storeAlerts(client, batch.detector, anomalies, { sink, topic, oncePerEvent });
      }
      await storeEntities(client, batch, fence);
      return finish(client, batch, { fence, firstRow, model: batch, anomalies: anomalies.length });
    },
    transaction,
  );
}

/**
 * Stores the events of a batch without scores, for a detector that has no model yet, and moves its stream's offset: the same fence,
 * the same guarantees as {@link commitBatch}.
 */
export async function commitCollected(db: Database, batch: EventBatch): Promise<CommitReport> {
  checkOffsets(batch);
  await ensurePartitionsWhenDue(db);
  return commitSettingAside(batch, (part) => commitUnscored(db, part));
}

async function commitUnscored(db: Database, batch: EventBatch): Promise<CommitReport> {
  const rows = collectedEventRows(batch);
  return withTransaction(db, async (client) => {
    const fence = await takeFence(client, batch);
    const firstRow = firstRowBeyond(batch, fence);
    await copyKept(client, copyCollectedEvents, rows, firstRow);
    await storeEntities(client, batch, fence);
    return finish(client, batch, { fence, firstRow, model: null, anomalies: 0 });
  });
}

/** The kept rows from a row of the batch on. */
async function copyKept(client: pg.PoolClient, text: string, { copy, before }: KeptRows, firstRow: number) {
  const first = before(firstRow);
  if (first < copy.rows) await copyRows(client, text, copy, first);
}

interface Stored {
  readonly fence: number;
  readonly firstRow: number;
  /** What scored the events; null: they were only collected. */
  readonly model: Pick<ScoredBatch, 'modelVersion' | 'alpha'> | null;
  readonly anomalies: number;
}

/** Stores the dead letters, counts the events and moves the fence. */
async function finish(
  client: pg.PoolClient,
  batch: EventBatch,
  { fence, firstRow, model, anomalies }: Stored,
): Promise<CommitReport> {
  const { detector, topic, partition, nextOffset, lastRecordTimeMs } = batch;
  const letters = batch.deadLetters.filter(({ offset }) => offset >= fence);
  if (letters.length > 0) await copyRows(client, copyDeadLetters, deadLetterRows(batch, letters));
  const stored = batch.size - firstRow;
  if (nextOffset > fence) {
    const time = lastRecordTimeMs === null ? null : new Date(lastRecordTimeMs);
    const { modelVersion, alpha } = model ?? { modelVersion: null, alpha: 0 };
    await updateOffset(client, detector, topic, partition, nextOffset, time, modelVersion, stored, anomalies, alpha);
  }
  const alreadyStored = firstRow + batch.deadLetters.length - letters.length;
  return { stored, alreadyStored, anomalies, deadLetters: letters.length, refused: 0 };
}

/**
 * The stream's next offset, locked until the transaction ends; a source without topics of Kafka's, such as a file, starts at 0.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING where the detector has been deleted; FLOWLINE_STREAM_REWOUND (retryable) where
 *   records before the batch are not stored any more, or what is stored is of another topic of the name.
 */
async function takeFence(client: pg.PoolClient, batch: EventBatch): Promise<number> {
  const fence = await lockFence(client, batch);
  const { topic, partition, fromOffset } = batch;
  const refused = refusal(batch, fence);
  if (refused === 'another topic') throw topicReplaced(topic, partition);
  if (refused === 'rewound') throw streamRewound(topic, partition, { stored: fromOffset, found: fence.nextOffset });
  return fence.nextOffset;
}

async function lockFence(client: pg.PoolClient, batch: EventBatch): Promise<Fence> {
  const { detector, topic, topicId, partition } = batch;
  const [found] = await lockOffset(client, detector, topic, partition);
  if (found !== undefined) return found;
  await lockDetectorStreams(client, detector, false);
  const [detectorState] = await selectDetectorState(client, detector);
  if (detectorState?.state === 'deleted') throw detectorMissing(detector);
  // Whoever reads a topic begins all of its partitions before it reads: this batch is of a life that has ended.
  if (topicId !== null) throw topicReplaced(topic, partition);
  await insertOffset(client, detector, topic, partition);
  const [inserted] = await lockOffset(client, detector, topic, partition);
  if (inserted === undefined) throw detectorMissing(detector);
  return inserted;
}

/** The fence only holds for offsets that increase and lie below the batch's end. */
function checkOffsets(batch: EventBatch): void {
  const where = `${batch.detector}, ${batch.topic}[${batch.partition}]`;
  let previous = -1;
  for (let row = 0; row < batch.size; row++) {
    const offset = batch.offsets[row] ?? NaN;
    if (!(offset > previous)) throw new RangeError(`${where}: offset ${offset} of row ${row} follows ${previous}`);
    previous = offset;
  }
  for (const { offset } of batch.deadLetters) previous = Math.max(previous, offset);
  if (!(batch.nextOffset > previous))
    throw new RangeError(`${where}: next offset ${batch.nextOffset} is not beyond ${previous}`);
}
