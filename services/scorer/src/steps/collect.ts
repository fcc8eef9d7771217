import type { CommitReport, EventBatch } from '@flowline/events';
import {
  type EventSource,
  isRetryableError,
  type RetryNotice,
  retryWithBackoff,
  type SourceBatch,
} from '@flowline/stream';
import { concatMap, defer, map, type Observable } from 'rxjs';

import { isWorthRepeating } from './commit.ts';
import { decode } from './decode.ts';
import { eventBatch } from './event-batch.ts';
import type { DecodedEvents } from '../decoding/event-rows.ts';
import type { EventReader } from '../decoding/event-reader.ts';
import type { PartitionIds } from '../ids/partition-ids.ts';
import { throughIds } from '../ids/through-ids.ts';
import type { PartitionWindows } from '../windows/partition-windows.ts';
import { throughWindows } from '../windows/through-windows.ts';

/** Stores the events of a detector while it has no model. */
export interface Collector extends EventReader {
  readonly detector: string;
  readonly detectorVersion: number;
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
  { windows, ids }: { readonly windows: PartitionWindows; readonly ids: PartitionIds },
  onWait: (notice: RetryNotice) => void,
): Observable<CollectedEvents> {
  return source.batches$.pipe(
    map((batch) => ({ source: batch, reader: collector })),
    concatMap(throughIds(ids, throughWindows(windows, decode))),
    concatMap((batch) =>
      defer(() => collector.commit(eventBatch(collector, batch))).pipe(
        retryWithBackoff({ isRetryable: isWorthRepeating, onRetry: onWait, maxDelayMs: 5_000 }),
        map((report) => {
          if (report.windowsRefused === true) windows.refused(batch.source);
          if (report.refusedOffsets !== undefined) ids.refused(batch.source, report.refusedOffsets);
          batch.source.done();
          return { source: batch.source, deadLetters: batch.events.deadLetters, report };
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
