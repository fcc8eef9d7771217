import type { AlertMessage } from '@flowline/alerts';
import type { OutboxMessage } from '@flowline/stream';

/** Message about an alert that a sink forms anew, as the outbox holds it. */
export function alertOf({ value }: OutboxMessage): AlertMessage {
  return JSON.parse(value) as AlertMessage;
}
