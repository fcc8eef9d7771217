import type { AlertMessage } from '@flowline/alerts';
import type { Alert } from '@flowline/events';
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
 * their batch, after its anomalies: one row for each message and address. A message whose anomaly
 * is still to be explained waits for that.
 */
export async function storeMessages(
  client: pg.PoolClient,
  detector: string,
  alerts: readonly AlertMessage[],
  addresses: readonly AlertAddress[],
): Promise<void> {
  if (alerts.length === 0 || addresses.length === 0) return;
  const messages = alerts.map((alert) => outboxMessage(alert));
  const awaited = alerts.map(awaitedEvent);
  await insertOutbox(client, {
    detector,
    sinks: addresses.map(({ sink }) => sink),
    topics: addresses.map(({ topic }) => boundedName(topic)),
    messageIds: messages.map(({ messageId }) => messageId),
    alertIds: alerts.map(({ alertId }) => alertId),
    fingerprints: alerts.map(({ fingerprint }) => fingerprint),
    eventTopics: awaited.map((event) => event?.topic ?? null),
    partitions: awaited.map((event) => event?.partition ?? null),
    offsets: awaited.map((event) => event?.offset ?? null),
    eventIds: awaited.map((event) => event?.id ?? null),
    keys: messages.map(({ key }) => key),
    headers: messages.map(({ headers }) => jsonText(headers)),
    values: messages.map(({ value }) => value),
  });
}

/** Event of a message whose anomaly is still to be explained; null for any other message. */
function awaitedEvent(message: AlertMessage): Alert['event'] | null {
  return 'event' in message && message.explanation === 'deferred' ? message.event : null;
}
