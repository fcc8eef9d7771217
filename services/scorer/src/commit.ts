import { type CommitReport, FlowlineError, type ScoredBatch } from '@flowline/events';
import { isRetryableError, type RetryNotice, retryWithBackoff } from '@flowline/stream';
import { defer, map, type Observable } from 'rxjs';

import type { ExplainedEvents } from './explain.ts';

/** The commit point: stores a batch in one transaction, or rejects with nothing stored (or all of it, when the answer was lost). */
export interface Store {
  commit(batch: ScoredBatch): Promise<CommitReport>;
}

/** A batch that is stored. */
export interface CommittedEvents extends ExplainedEvents {
  readonly report: CommitReport;
}

/**
 * ONE transaction: fence, rows, anomalies and alerts, dead letters, next offset. While the database is away the batch waits and is
 * tried again: the fence makes a repeat harmless.
 */
export function commit(
  store: Store,
  onWait: (notice: RetryNotice) => void,
): (batch: ExplainedEvents) => Observable<CommittedEvents> {
  return (batch) =>
    defer(() => store.commit(batch.scored)).pipe(
      retryWithBackoff({ isRetryable: isWorthRepeating, onRetry: onWait, maxDelayMs: 5_000 }),
      map((report) => ({ ...batch, report })),
    );
}

/** Whether the same batch may be stored later; where the stream was rewound, reading has to begin again instead. */
export function isWorthRepeating(error: unknown): boolean {
  return isRetryableError(error) && !(error instanceof FlowlineError && error.code === 'FLOWLINE_STREAM_REWOUND');
}
