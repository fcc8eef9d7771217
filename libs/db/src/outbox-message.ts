import type { Alert } from '@flowline/events';
import type { OutboxMessage } from '@flowline/stream';

import { boundedName } from './bounded-name.ts';

/** A message within this many characters is sent as it is; brokers take about a million bytes. */
const MOST_CHARACTERS = 65_536;
/** What is left of a text in a message that is longer than that. */
const TEXT_CHARACTERS = 1_000;

/** An alert as it is published: CloudEvents 1.0 in binary mode, its key the detector, and the entity where there is one. */
export function alertMessage(alert: Alert, topic: string): OutboxMessage {
  return {
    alertId: alert.alertId,
    topic,
    key: alert.event.entity === null ? alert.detector : `${alert.detector}|${boundedName(alert.event.entity)}`,
    headers: {
      ce_specversion: '1.0',
      ce_id: alert.alertId,
      ce_source: `/flowline/detectors/${alert.detector}`,
      ce_type: `flowline.alert.${alert.state}.v1`,
      ce_time: alert.event.time,
      'content-type': 'application/json',
    },
    value: messageText(alert),
  };
}

/** The JSON of an alert, in which texts of any size (levels, ids, entities) are cut where it would be too long to send. */
function messageText(alert: Alert): string {
  const whole = JSON.stringify(alert);
  if (whole.length <= MOST_CHARACTERS) return whole;
  return JSON.stringify(alert, (_key, value: unknown) =>
    typeof value === 'string' && value.length > TEXT_CHARACTERS
      ? `${value.slice(0, TEXT_CHARACTERS)}… (${value.length} characters)`
      : value,
  );
}
