import type { CommitReport, ScoredBatch } from '@flowline/events';
import type pg from 'pg';

import { anomalyRows, deadLetterRows, outboxRows, scoredEventRows } from './batch-rows.ts';
import { copyRows } from './copy-rows.ts';
import type { Database } from './database.ts';
import { detectorMissing } from './detectors.ts';
import { ensurePartitionsWhenDue } from './partitions.ts';
import { copyAnomalies } from './sql/anomalies-copy.ts';
import { copyDeadLetters } from './sql/dead-letters-copy.ts';
import { lockDetectorStreams } from './sql/detector-stream-lock.ts';
import { insertOffset } from './sql/offset-insert.ts';
import { lockOffset } from './sql/offset-lock.ts';
import { updateOffset } from './sql/offset-update.ts';
import { copyOutbox } from './sql/outbox-copy.ts';
import { copyScoredEvents } from './sql/scored-events-copy.ts';
import { withTransaction } from './transaction.ts';
import { storeEntities } from './windows.ts';

/** How a batch is stored. */
export interface CommitOptions {
  /** Where its alerts will be sent; null: anomalies are stored, and no alert leaves. */
  readonly alertTopic: string | null;
  /** Longer than this, the attempt is given up (default 30,000). */
  readonly timeoutMs?: number;
}

/**
 * Stores a batch and moves its stream's offset, in one transaction. Whatever lies below the stored offset was stored before, by
 * this process or another, and is dropped: repeating a commit, or racing another worker for it, stores nothing twice.
 * @throws FlowlineError, retryable when the same call may succeed later (nothing is stored, or all of it).
 */
export async function commitBatch(db: Database, batch: ScoredBatch, options: CommitOptions): Promise<CommitReport> {
  checkOffsets(batch);
  await ensurePartitionsWhenDue(db);
  // Encoded before the fence is taken: the lock is held for as short as can be.
  const scored = scoredEventRows(batch);
  const transaction = options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs };
  return withTransaction(db, (client) => store(client, batch, scored, options.alertTopic), transaction);
}

async function store(
  client: pg.PoolClient,
  batch: ScoredBatch,
  scored: ReturnType<typeof scoredEventRows>,
  alertTopic: string | null,
): Promise<CommitReport> {
  const fence = await takeFence(client, batch);
  const firstRow = lowerBound(batch.offsets, batch.size, fence);
  const anomalies = batch.anomalies.filter(({ row }) => row >= firstRow);
  const letters = batch.deadLetters.filter(({ offset }) => offset >= fence);
  const alreadyStored = firstRow + batch.deadLetters.length - letters.length;
  if (firstRow < batch.size) await copyRows(client, copyScoredEvents, scored, firstRow);
  if (anomalies.length > 0) {
    await copyRows(client, copyAnomalies, anomalyRows(batch, anomalies));
    if (alertTopic !== null) await copyRows(client, copyOutbox, outboxRows(batch, anomalies, alertTopic));
  }
  if (letters.length > 0) await copyRows(client, copyDeadLetters, deadLetterRows(batch, letters));
  await storeEntities(client, batch);
  if (batch.nextOffset > fence) {
    await updateOffset(client, batch.detector, batch.topic, batch.partition, batch.nextOffset);
  }
  return { stored: batch.size - firstRow, alreadyStored, anomalies: anomalies.length, deadLetters: letters.length };
}

/**
 * The stream's next offset, locked until the transaction ends; a stream that was never stored starts at 0.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING where the detector has been deleted.
 */
async function takeFence(client: pg.PoolClient, { detector, topic, partition }: ScoredBatch): Promise<number> {
  const [found] = await lockOffset(client, detector, topic, partition);
  if (found !== undefined) return found.nextOffset;
  await lockDetectorStreams(client, detector, false);
  await insertOffset(client, detector, topic, partition);
  const [inserted] = await lockOffset(client, detector, topic, partition);
  if (inserted === undefined) throw detectorMissing(detector);
  return inserted.nextOffset;
}

/** The first row whose offset is not below the fence; offsets increase. */
function lowerBound(offsets: Float64Array, size: number, fence: number): number {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((offsets[middle] ?? Infinity) < fence) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The fence only holds for offsets that increase and lie below the batch's end. */
function checkOffsets(batch: ScoredBatch): void {
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
