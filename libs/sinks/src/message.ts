import type { AlertMessage, Verdict } from '@flowline/alerts';
import type { OutboxMessage } from '@flowline/stream';

/** Message about an alert that a sink forms anew, as the outbox holds it. */
export function alertOf({ value }: OutboxMessage): AlertMessage {
  return JSON.parse(value) as AlertMessage;
}

/** Entity of an alert; null if it is of no single one. */
export function entityOf(alert: AlertMessage): string | null {
  return 'event' in alert ? alert.event.entity : null;
}

/** Verdict in words. */
export const wordsOf = (verdict: Verdict): string => verdict.replaceAll('_', ' ');
