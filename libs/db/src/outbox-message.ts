import { type AlertMessage, entityOfMessage } from '@flowline/alerts';
import type { OutboxMessage } from '@flowline/stream';

import { boundedName } from './bounded-name.ts';

/** Maximum characters of a message that is sent unchanged; brokers accept about a million bytes. */
const MAX_CHARACTERS = 65_536;
/** Maximum characters of a text within a longer message. */
const TEXT_CHARACTERS = 1_000;

/**
 * Converts a message about an alert to its published form: CloudEvents 1.0 in binary mode. The key
 * is the detector, followed by the entity if there is one. The topic is that of its address.
 */
export function outboxMessage(alert: AlertMessage): OutboxMessage {
  const entity = entityOfMessage(alert);
  return {
    messageId: alert.messageId,
    topic: '',
    key: entity === null ? alert.detector : `${alert.detector}|${boundedName(entity)}`,
    headers: {
      ce_specversion: '1.0',
      ce_id: alert.messageId,
      ce_source: `/flowline/detectors/${alert.detector}`,
      ce_type: `flowline.alert.${alert.state}.v1`,
      ce_time: alert.resolvedAt ?? alert.lastSeen,
      'content-type': 'application/json',
    },
    value: messageText(alert),
  };
}

/**
 * JSON of a message. If it is too long to send, its long texts (levels, ids, entities) are
 * truncated.
 */
export function messageText(alert: AlertMessage): string {
  const whole = JSON.stringify(alert);
  if (whole.length <= MAX_CHARACTERS) return whole;
  return JSON.stringify(alert, (_key, value: unknown) =>
    typeof value === 'string' && value.length > TEXT_CHARACTERS
      ? `${value.slice(0, TEXT_CHARACTERS)}… (${value.length} characters)`
      : value,
  );
}
