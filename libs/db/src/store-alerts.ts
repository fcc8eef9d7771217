import { createHash } from 'node:crypto';

import type { Anomaly } from '@flowline/events';
import type pg from 'pg';

import { boundedName } from './bounded-name.ts';
import { jsonText } from './json-text.ts';
import { alertMessage } from './outbox-message.ts';
import { insertOutbox } from './sql/outbox.ts';

/** Destination of a batch's alerts. */
export interface AlertAddress {
  readonly sink: string;
  readonly topic: string;
  /** True if event ids identify events: a repeated id raises no second alert. */
  readonly oncePerEvent: boolean;
}

/**
 * Stores the alerts of anomalies, in the form in which they will be sent, within the transaction of
 * their batch.
 */
export async function storeAlerts(
  client: pg.PoolClient,
  detector: string,
  anomalies: readonly Anomaly[],
  { sink, topic: named, oncePerEvent }: AlertAddress,
): Promise<void> {
  const topic = boundedName(named);
  const messages = anomalies.map(({ alert }) => alertMessage(alert, topic));
  await insertOutbox(client, {
    ...{ detector, sink, topic },
    alertIds: messages.map(({ alertId }) => alertId),
    keys: messages.map(({ key }) => key),
    headers: messages.map(({ headers }) => jsonText(headers)),
    values: messages.map(({ value }) => value),
    eventKeys: anomalies.map(({ alert }) => (oncePerEvent ? keyOf(alert.event.id) : null)),
  });
}

const keyOf = (eventId: string): string => createHash('sha256').update(eventId, 'utf16le').digest('hex');
