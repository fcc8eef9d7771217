import { type Verdict, verdicts } from '@flowline/alerts';

import type { Database } from './database.ts';
import { type FeedbackRow, selectFeedback } from './sql/feedback.ts';
import { type FeedbackTarget, insertAnswer, lockAnswers } from './store-answer.ts';
import { withTransaction } from './transaction.ts';

export { type Verdict, verdicts };
export { anomalyMissing, type FeedbackTarget } from './store-answer.ts';

/** Answer as stored. */
export type StoredFeedback = FeedbackRow;

/** Answer to give. */
export interface NewFeedback {
  readonly verdict: Verdict;
  readonly note?: string | null;
  /** Name of who gives it; by default the database user. */
  readonly by?: string | null;
}

/**
 * Stores an answer, which counts from now on. In the same transaction the events of its anomaly, or
 * of the anomalies that its alert has by now, are excluded from training if it is `confirmed`, and
 * no longer excluded by people if it is anything else.
 * @throws FlowlineError FLOWLINE_NOT_FOUND.
 */
export function giveFeedback(
  db: Database,
  target: FeedbackTarget,
  { verdict, note = null, by = null }: NewFeedback,
): Promise<StoredFeedback> {
  return withTransaction(db, async (client) => {
    await lockAnswers(client, target);
    return insertAnswer(client, target, { verdict, note, by, linkEndsAt: null });
  });
}

/** Filter for answers. */
export interface FeedbackFilter {
  readonly detector?: string;
  readonly anomalyId?: number;
  readonly alertId?: string;
  /** True for the latest answer to each anomaly and alert. */
  readonly counts?: boolean;
  /** Upper bound of the id, exclusive: the last id of the previous page. */
  readonly before?: number;
  /** Maximum rows (default 50). */
  readonly limit?: number;
}

/** Lists answers, the latest first. */
export function listFeedback(db: Database, { limit = 50, ...filter }: FeedbackFilter = {}): Promise<StoredFeedback[]> {
  return withTransaction(db, (client) => selectFeedback(client, { ...filter, limit }));
}
