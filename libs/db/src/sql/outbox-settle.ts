import { statement } from '../statement.ts';

/** Marks alerts as sent, and sets others aside, each with a reason. */
export const settleOutbox = statement<
  [sentIds: readonly number[], refusedIds: readonly number[], reasons: readonly string[]],
  never
>(`
  WITH refused AS (
    UPDATE flowline.alert_outbox AS alert
    SET dead_at = clock_timestamp(), error = refusal.reason, attempts = alert.attempts + 1
    FROM unnest($2::bigint[], $3::text[]) AS refusal (outbox_id, reason) WHERE alert.outbox_id = refusal.outbox_id
  )
  UPDATE flowline.alert_outbox SET sent_at = clock_timestamp() WHERE outbox_id = ANY ($1::bigint[])
`);
