import { type CommitReport, FlowlineError, type ScoredBatch } from '@flowline/events';
import { isRetryableError, type RetryNotice, retryWithBackoff } from '@flowline/stream';
import { defer, map, type Observable } from 'rxjs';

import type { ExplainedEvents } from './explain.ts';

/**
 * The commit point. Stores a batch in one transaction. A rejection means that nothing was stored,
 * or all of it if the answer was lost.
 */
export interface Store {
  commit(batch: ScoredBatch): Promise<CommitReport>;
}

/** A stored batch. */
export interface CommittedEvents extends ExplainedEvents {
  readonly report: CommitReport;
}

/**
 * Commits a batch in ONE transaction: fence, rows, anomalies and alerts, dead letters, next offset.
 * While the database is unreachable, the batch waits and is retried; the fence makes a repeat
 * harmless.
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

/** Errors after which reading has to start again instead. */
const READ_AGAIN: readonly string[] = [
  'FLOWLINE_STREAM_REWOUND',
  'FLOWLINE_EVENT_IDS_BEHIND',
  'FLOWLINE_DISCOVERIES_BEHIND',
];

/**
 * True if the same batch may be stored later. After a rewind of the stream it may not, or if
 * another worker has stored some of it: reading has to start again.
 */
export function isWorthRepeating(error: unknown): boolean {
  return isRetryableError(error) && !(error instanceof FlowlineError && READ_AGAIN.includes(error.code));
}
