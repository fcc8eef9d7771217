import { type FeedbackPurpose, readFeedbackToken, verdicts } from '@flowline/alerts';
import { FlowlineError } from '@flowline/events';

/** Link to answer an alert that is signed, and valid now. */
export interface ValidLink extends FeedbackPurpose {
  readonly endsAt: Date;
}

/** Parts of a request for the page of a link. */
export interface LinkRequest {
  readonly params: unknown;
  readonly query: unknown;
}

const ALERT_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Reads the id of an alert from a path: in lower case, as it is signed.
 * @throws FlowlineError FLOWLINE_NOT_FOUND for anything else.
 */
export function readAlertId(params: unknown): string {
  const { alertId } = params as { readonly alertId?: string };
  if (alertId !== undefined && ALERT_ID.test(alertId)) return alertId;
  throw nothing('This is not the address of an alert.', 'Open the link exactly as the message has it.');
}

/**
 * Reads the link of a request. Errors do not quote it.
 * @throws FlowlineError FLOWLINE_NOT_FOUND for another address, and without keys;
 * FLOWLINE_FORBIDDEN for a token that is not signed; FLOWLINE_LINK_EXPIRED.
 */
export function readLink({ params, query }: LinkRequest, keys: readonly string[], nowMs = Date.now()): ValidLink {
  const alertId = readAlertId(params);
  const { verdict: written } = params as { readonly verdict?: string };
  const verdict = verdicts.find((known) => known === written);
  if (verdict === undefined) {
    throw nothing('This is not the address of an answer.', 'Open the link exactly as the message has it.');
  }
  if (keys.length === 0) {
    const message = 'This service takes no answers by links: FLOWLINE_LINK_KEY is not set.';
    throw nothing(message, 'Set it to the key of the scorers, or answer with `flowline feedback add`.');
  }
  const { token } = query as { readonly token?: unknown };
  const purpose = { alertId, verdict };
  const found = readFeedbackToken(typeof token === 'string' ? token : '', purpose, { keys, nowMs });
  if (found.state === 'forged') throw notSigned();
  if (found.state === 'expired') throw expired(purpose, found.endsAt);
  return { ...purpose, endsAt: found.endsAt };
}

const nothing = (message: string, remedy: string): FlowlineError =>
  new FlowlineError('FLOWLINE_NOT_FOUND', message, { where: 'the link', remedy });

const notSigned = (): FlowlineError =>
  new FlowlineError('FLOWLINE_FORBIDDEN', 'The link was not signed by Flowline for this answer to this alert.', {
    where: 'the link',
    remedy: 'Open it exactly as the message has it: some programs cut long links. A later message has a new one.',
  });

const expired = ({ alertId, verdict }: FeedbackPurpose, endsAt: Date): FlowlineError =>
  new FlowlineError('FLOWLINE_LINK_EXPIRED', `The link ended at ${endsAt.toISOString()}.`, {
    where: 'the link',
    remedy: `Answer with \`flowline feedback add ${alertId} ${verdict}\`, or with the link of a later message.`,
  });
