import type { CommitReport, ScoredBatch } from '@flowline/events';
import { type RetryNotice, retryWithBackoff } from '@flowline/stream';
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
      retryWithBackoff({ onRetry: onWait, maxDelayMs: 5_000 }),
      map((report) => ({ ...batch, report })),
    );
}
