import { statement } from '../statement.ts';

/** Marks alerts as sent. */
export const markOutboxSent = statement<[outboxIds: readonly number[]], never>(`
  UPDATE flowline.alert_outbox SET sent_at = clock_timestamp() WHERE outbox_id = ANY ($1::bigint[])
`);
