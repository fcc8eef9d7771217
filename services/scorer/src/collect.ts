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
import { type DecodedEvents, prepareBatch } from './decode-events.ts';
import type { DecoderInForce } from './decoder-in-force.ts';
import { keptRecord, recordAt } from './kept-record.ts';
import type { PartitionWindows } from './partition-windows.ts';

/** How events are stored while there is no model. */
export interface Collector extends DecoderInForce {
  readonly detector: string;
  readonly format: RecordDecoder;
  /** The same fence and the same transaction as for scored events, without scores. */
  readonly commit: (batch: EventBatch) => Promise<CommitReport>;
}

/** A batch that is stored without scores. */
export interface CollectedEvents {
  readonly source: SourceBatch;
  readonly deadLetters: DecodedEvents['deadLetters'];
  readonly report: CommitReport;
}

/** The pipeline before the first model: record → event → ONE transaction {event without a score, dead letters, next offset}. */
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
 * Collects until `ready` resolves. To a value: collecting is dropped, a batch in flight with it (the fence sees to it that each event
 * is stored once). To undefined, when the process stops: the batch in flight is finished first.
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

/** Collecting goes on after whatever may pass by itself. */
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
