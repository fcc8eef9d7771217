import type { BatchEntities, CommitReport, EventBatch } from '@flowline/events';
import {
  type EventSource,
  isRetryableError,
  type RecordDecoder,
  type RetryNotice,
  retryWithBackoff,
  type SourceBatch,
} from '@flowline/stream';
import { concatMap, defer, map, type Observable } from 'rxjs';

import { isWorthRepeating } from './commit.ts';
import { decodeWithPast } from './decode.ts';
import { type DecodedEvents, prepareBatch } from '../decoding/record-decoder.ts';
import type { DecoderInForce } from '../decoding/decoder-in-force.ts';
import { keptRecord, recordAt } from '../decoding/kept-record.ts';
import type { PartitionWindows } from '../windows/partition-windows.ts';

/** Stores the events of a detector while it has no model. */
export interface Collector extends DecoderInForce {
  readonly detector: string;
  readonly format: RecordDecoder;
  /**
   * Stores a batch without scores, with the same fence and in the same transaction as scored
   * events.
   */
  readonly commit: (batch: EventBatch) => Promise<CommitReport>;
}

/** A batch stored without scores. */
export interface CollectedEvents {
  readonly source: SourceBatch;
  readonly deadLetters: DecodedEvents['deadLetters'];
  readonly report: CommitReport;
}

/**
 * The pipeline before the first model: record → event → ONE transaction
 * {event without a score, dead letters, next offset}.
 */
export function collect(
  source: EventSource,
  collector: Collector,
  partitions: PartitionWindows,
  onWait: (notice: RetryNotice) => void,
): Observable<CollectedEvents> {
  return source.batches$.pipe(
    concatMap(async (batch) => {
      await prepareBatch(collector.format, batch);
      return { batch, ...(await decodeWithPast(batch, collector, partitions)) };
    }),
    concatMap(({ batch, events, entities }) =>
      defer(() => collector.commit(toEventBatch(collector, batch, events, entities))).pipe(
        retryWithBackoff({ isRetryable: isWorthRepeating, onRetry: onWait, maxDelayMs: 5_000 }),
        map((report) => {
          batch.done();
          return { source: batch, deadLetters: events.deadLetters, report };
        }),
      ),
    ),
  );
}

/**
 * Collects until `ready` resolves. If it resolves to a value, collecting stops at once and drops
 * the batch in flight; the fence ensures that each event is stored once. If it resolves to
 * undefined, the process is stopping: the batch in flight is finished first.
 */
export function collectUntil<T>(
  ready: Promise<T | undefined>,
  collected$: Observable<unknown>,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const finish = (): void => void ready.then(resolve, reject);
    const subscription = collected$.subscribe({ error: reject, complete: finish });
    ready.then(
      (value) => {
        if (value === undefined) return;
        subscription.unsubscribe();
        resolve(value);
      },
      (error: unknown) => {
        subscription.unsubscribe();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}

/** Resumes collecting after a retryable error. */
export const keepCollecting = (onWait: (notice: RetryNotice) => void) =>
  retryWithBackoff<CollectedEvents>({ isRetryable: isRetryableError, onRetry: onWait });

function toEventBatch(
  { detector, detectorVersion }: Collector,
  source: SourceBatch,
  { table, offsets, eventIds, eventTimesMs, deadLetters }: DecodedEvents,
  entities: BatchEntities | null,
): EventBatch {
  const { topic, topicId, partition, fromOffset, nextOffset, records } = source;
  const lastRecordTimeMs = records.at(-1)?.timestampMs ?? null;
  return {
    ...{ detector, detectorVersion, topic, topicId, partition, fromOffset, nextOffset, lastRecordTimeMs },
    ...table,
    ...{ offsets, eventIds, eventTimesMs, entities, deadLetters },
    recordAt: (offset) => keptRecord(recordAt(source, offset)),
  };
}
