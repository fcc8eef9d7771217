import type { AlertMessage } from '@flowline/alerts';
import type pg from 'pg';

import { boundedName } from './bounded-name.ts';
import { jsonText } from './json-text.ts';
import { outboxMessage } from './outbox-message.ts';
import { insertOutbox } from './sql/outbox.ts';

/** Destination of a batch's messages: a topic of a sink. */
export interface AlertAddress {
  /** `kafka`, `stdout`, or the name of a sink. */
  readonly sink: string;
  /** Empty for a sink that is named. */
  readonly topic: string;
}

/**
 * Stores messages about alerts, in the form in which they will be sent, within the transaction of
 * their batch: one row for each message and address.
 */
export async function storeMessages(
  client: pg.PoolClient,
  detector: string,
  alerts: readonly AlertMessage[],
  addresses: readonly AlertAddress[],
): Promise<void> {
  if (alerts.length === 0 || addresses.length === 0) return;
  const messages = alerts.map((alert) => outboxMessage(alert));
  await insertOutbox(client, {
    detector,
    sinks: addresses.map(({ sink }) => sink),
    topics: addresses.map(({ topic }) => boundedName(topic)),
    messageIds: messages.map(({ messageId }) => messageId),
    alertIds: alerts.map(({ alertId }) => alertId),
    keys: messages.map(({ key }) => key),
    headers: messages.map(({ headers }) => jsonText(headers)),
    values: messages.map(({ value }) => value),
  });
}
