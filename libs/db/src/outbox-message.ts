import type { Alert } from '@flowline/events';
import type { OutboxMessage } from '@flowline/stream';

/** An alert as it is published: CloudEvents 1.0 in binary mode, its key the detector, and the entity where there is one. */
export function alertMessage(alert: Alert, topic: string): OutboxMessage {
  return {
    alertId: alert.alertId,
    topic,
    key: alert.event.entity === null ? alert.detector : `${alert.detector}|${alert.event.entity}`,
    headers: {
      ce_specversion: '1.0',
      ce_id: alert.alertId,
      ce_source: `/flowline/detectors/${alert.detector}`,
      ce_type: `flowline.alert.${alert.state}.v1`,
      ce_time: alert.event.time,
      'content-type': 'application/json',
    },
    value: JSON.stringify(alert),
  };
}
