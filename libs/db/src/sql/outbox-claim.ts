import { statement } from '../statement.ts';

/** Alert that waits to be sent. */
export interface OutboxRow {
  readonly outboxId: number;
  readonly alertId: string;
  readonly topic: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string;
}

/**
 * Claims the oldest waiting alerts of a queue until the transaction ends. Alerts that other relays
 * have claimed are skipped.
 */
export const claimOutbox = statement<[sink: string, detector: string, topic: string, limit: number], OutboxRow>(`
  SELECT outbox_id AS "outboxId", alert_id AS "alertId", topic, key, headers, value
  FROM flowline.alert_outbox
  WHERE sink = $1 AND detector = $2 AND topic = $3 AND sent_at IS NULL AND dead_at IS NULL
  ORDER BY outbox_id LIMIT $4
  FOR UPDATE SKIP LOCKED
`);
