import type { AlertMessage } from '@flowline/alerts';
import type pg from 'pg';

import { boundedName } from './bounded-name.ts';
import { jsonText } from './json-text.ts';
import { outboxMessage } from './outbox-message.ts';
import { insertOutbox } from './sql/outbox.ts';

/** Destination of a batch's messages. */
export interface AlertAddress {
  readonly sink: string;
  readonly topic: string;
}

/**
 * Stores messages about alerts, in the form in which they will be sent, within the transaction of
 * their batch.
 */
export async function storeMessages(
  client: pg.PoolClient,
  detector: string,
  alerts: readonly AlertMessage[],
  { sink, topic: named }: AlertAddress,
): Promise<void> {
  const topic = boundedName(named);
  const messages = alerts.map((alert) => outboxMessage(alert, topic));
  await insertOutbox(client, {
    ...{ detector, sink, topic },
    messageIds: messages.map(({ messageId }) => messageId),
    alertIds: alerts.map(({ alertId }) => alertId),
    keys: messages.map(({ key }) => key),
    headers: messages.map(({ headers }) => jsonText(headers)),
    values: messages.map(({ value }) => value),
  });
}
