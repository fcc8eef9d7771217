import { statement } from '../statement.ts';

/** An alert that waits to be sent. */
export interface OutboxRow {
  readonly outboxId: number;
  readonly alertId: string;
  readonly topic: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string;
}

/** Takes the oldest alerts that wait and that no other relay has taken, until the transaction ends; null: of any detector. */
export const claimOutbox = statement<[limit: number, detectors: readonly string[] | null], OutboxRow>(`
  SELECT outbox_id AS "outboxId", alert_id AS "alertId", topic, key, headers, value
  FROM flowline.alert_outbox
  WHERE sent_at IS NULL AND ($2::text[] IS NULL OR detector = ANY ($2))
  ORDER BY outbox_id LIMIT $1
  FOR UPDATE SKIP LOCKED
`);
