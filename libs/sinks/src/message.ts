import type { AlertMessage, Verdict } from '@flowline/alerts';
import type { OutboxMessage } from '@flowline/stream';

/** Message about an alert that a sink forms anew, as the outbox holds it. */
export function alertOf({ value }: OutboxMessage): AlertMessage {
  return JSON.parse(value) as AlertMessage;
}

/** Verdict in words. */
export const wordsOf = (verdict: Verdict): string => verdict.replaceAll('_', ' ');
