import { answerByLink, type AnswerLink, type LinkAnswer, recordAudit } from '@flowline/db';

import { problemOf } from '../problem.ts';
import type { ApiParts } from '../route.ts';
import type { TypedAnswer } from './read-answer.ts';

/** Request to record the answer of a link whose signature has been checked. */
export interface AnswerRequest {
  readonly link: AnswerLink;
  /** Reads the form. @throws FlowlineError FLOWLINE_REQUEST_INVALID. */
  readonly read: () => TypedAnswer;
  /** Method and route, and the path without the token, as the audit log names them. */
  readonly action: string;
  readonly target: string;
  readonly requestId: string;
}

/** Name of who answers by a link: the one that was typed is not proven, unlike that of a token. */
const LINK = 'link';

/**
 * Records the answer of a link once, under the name that was typed. What is done or refused is
 * logged, as for a token.
 * @throws FlowlineError FLOWLINE_REQUEST_INVALID, FLOWLINE_NOT_FOUND.
 */
export async function giveAnswer(
  { db, logger }: Pick<ApiParts, 'db' | 'logger'>,
  { link, read, ...named }: AnswerRequest,
): Promise<LinkAnswer> {
  const audit = (actor: string, detector: string | null, outcome: number): Promise<void> =>
    recordAudit(db, { ...named, actor, tokenId: null, detector, outcome });
  try {
    const { name, note } = read();
    const given = await answerByLink(db, link, { by: `${LINK}: ${name}`, note });
    await audit(`${LINK}: ${name}`, given.answer.detector, statusOf(given));
    return given;
  } catch (error) {
    await audit(LINK, null, problemOf(error, named.requestId).status).catch((err: unknown) => {
      logger.error({ err, requestId: named.requestId }, 'a refusal is not in the audit log');
    });
    throw error;
  }
}

/** HTTP status of an answer: whether it was recorded now, or before. */
export const statusOf = ({ isNew }: LinkAnswer): number => (isNew ? 201 : 200);
