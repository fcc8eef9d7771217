import type { Verdict } from '@flowline/alerts';
import { FlowlineError } from '@flowline/events';

import { alertMissing } from './alert-actions.ts';
import type { Queryable } from './database.ts';
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
} from './sql/feedback.ts';

/** Subject of an answer: an anomaly or an alert. */
export type FeedbackTarget = { readonly anomalyId: number } | { readonly alertId: string };

/**
 * Makes the answers of the target's detector wait for each other until the transaction ends: later
 * ones have greater ids, and are in force after earlier ones.
 * @throws FlowlineError FLOWLINE_NOT_FOUND.
 */
export async function lockAnswers(client: Queryable, target: FeedbackTarget): Promise<void> {
  const found =
    'alertId' in target ? await selectDetectorOfAlert(client, target) : await selectDetectorOfAnomaly(client, target);
  if (found === null) throw targetMissing(target);
  await lockFeedback(client, found);
}

/** Answer to store. */
interface Answer {
  readonly verdict: Verdict;
  readonly note: string | null;
  /** Name of who gives it; null for the database user. */
  readonly by: string | null;
  /** End of the link that gives it; null for any other way. */
  readonly linkEndsAt: Date | null;
}

/**
 * Stores an answer, and what it changes for training, under {@link lockAnswers}.
 * @throws FlowlineError FLOWLINE_NOT_FOUND.
 */
export async function insertAnswer(
  client: Queryable,
  target: FeedbackTarget,
  { verdict, note, by, linkEndsAt }: Answer,
): Promise<FeedbackRow> {
  const answer = { verdict, note: note === null ? null : plainText(note), by: by === null ? null : plainText(by) };
  const stored =
    'alertId' in target
      ? await insertAlertFeedback(client, { ...target, ...answer, linkEndsAt })
      : await insertAnomalyFeedback(client, { ...target, ...answer });
  if (stored === null) throw targetMissing(target);
  const { detector, anomalyId, alertId } = stored;
  const change = verdict === 'confirmed' ? insertConfirmedEvents : deleteConfirmedEvents;
  await change(client, { detector, anomalyId, alertId });
  return stored;
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
