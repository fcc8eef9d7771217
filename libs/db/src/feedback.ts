import { FlowlineError } from '@flowline/events';

import { alertMissing } from './alert-actions.ts';
import type { Database } from './database.ts';
import { plainText } from './json-text.ts';
import {
  deleteConfirmedEvents,
  type FeedbackRow,
  insertAlertFeedback,
  insertAnomalyFeedback,
  insertConfirmedEvents,
  lockFeedback,
  selectDetectorOfAlert,
  selectDetectorOfAnomaly,
  selectFeedback,
  type Verdict,
} from './sql/feedback.ts';
import { withTransaction } from './transaction.ts';

/** Verdicts that people may give. */
export const verdicts = ['confirmed', 'expected', 'false_alarm', 'new_normal'] as const satisfies readonly Verdict[];
export type { Verdict };

/** Answer as stored. */
export type StoredFeedback = FeedbackRow;

/** Subject of an answer: an anomaly or an alert. */
export type FeedbackTarget = { readonly anomalyId: number } | { readonly alertId: string };

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
  const answer = { verdict, note: note === null ? null : plainText(note), by: by === null ? null : plainText(by) };
  return withTransaction(db, async (client) => {
    const found =
      'alertId' in target ? await selectDetectorOfAlert(client, target) : await selectDetectorOfAnomaly(client, target);
    if (found === null) throw targetMissing(target);
    // Later answers have greater ids, and are in force after earlier ones.
    await lockFeedback(client, found);
    const stored =
      'alertId' in target
        ? await insertAlertFeedback(client, { ...target, ...answer })
        : await insertAnomalyFeedback(client, { ...target, ...answer });
    if (stored === null) throw targetMissing(target);
    const { detector, anomalyId, alertId } = stored;
    const change = verdict === 'confirmed' ? insertConfirmedEvents : deleteConfirmedEvents;
    await change(client, { detector, anomalyId, alertId });
    return stored;
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

function targetMissing(target: FeedbackTarget): FlowlineError {
  return 'alertId' in target ? alertMissing(target.alertId) : anomalyMissing(target.anomalyId);
}

/** Creates the error for an id that no anomaly has. */
export function anomalyMissing(anomalyId: number): FlowlineError {
  return new FlowlineError('FLOWLINE_NOT_FOUND', `There is no anomaly ${anomalyId}.`, {
    where: `anomaly ${anomalyId}`,
    remedy: 'List the anomalies; one is deleted at the end of its retention.',
  });
}
