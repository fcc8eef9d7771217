import type { FeedbackPurpose } from '@flowline/alerts';

import type { Database } from './database.ts';
import type { StoredFeedback } from './feedback.ts';
import { selectLinkFeedback } from './sql/feedback.ts';
import { insertAnswer, lockAnswers } from './store-answer.ts';
import { withTransaction } from './transaction.ts';

/** Link of a message, whose signature has been checked: one verdict about one alert. */
export interface AnswerLink extends FeedbackPurpose {
  readonly endsAt: Date;
}

/** Answer that a link has given, and whether by this call. */
export interface LinkAnswer {
  readonly answer: StoredFeedback;
  readonly isNew: boolean;
}

/**
 * Stores the answer of a link, as `giveFeedback` does, unless the link has answered before: then
 * nothing changes, whatever was answered since.
 * @throws FlowlineError FLOWLINE_NOT_FOUND.
 */
export function answerByLink(
  db: Database,
  link: AnswerLink,
  { by, note }: { readonly by: string; readonly note: string | null },
): Promise<LinkAnswer> {
  const { alertId, verdict, endsAt: linkEndsAt } = link;
  return withTransaction(db, async (client) => {
    await lockAnswers(client, { alertId });
    const earlier = await selectLinkFeedback(client, link);
    if (earlier !== null) return { answer: earlier, isNew: false };
    return { answer: await insertAnswer(client, { alertId }, { verdict, note, by, linkEndsAt }), isNew: true };
  });
}

/** Finds the answer that a link has given; null if it has given none. */
export function findLinkAnswer(db: Database, link: AnswerLink): Promise<StoredFeedback | null> {
  return withTransaction(db, (client) => selectLinkFeedback(client, link));
}
