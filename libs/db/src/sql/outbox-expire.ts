import { statement } from '../statement.ts';

/**
 * Removes alerts that were sent more than so many days ago, and those that have waited as long for a
 * process that printed them: at most so many at once.
 */
export const expireOutbox = statement<[keepDays: number, limit: number], { readonly removed: number }>(`
  WITH removed AS (
    DELETE FROM flowline.alert_outbox WHERE outbox_id IN (
      (SELECT outbox_id FROM flowline.alert_outbox
       WHERE sent_at < now() - make_interval(days => $1::integer) ORDER BY sent_at LIMIT $2)
      UNION ALL
      (SELECT outbox_id FROM flowline.alert_outbox
       WHERE sink = 'stdout' AND sent_at IS NULL AND dead_at IS NULL AND created_at < now() - make_interval(days => $1::integer)
       LIMIT $2))
    RETURNING 1)
  SELECT count(*)::integer AS removed FROM removed
`);

/** Removes alerts of a detector that were set aside more than so many days ago: at most so many at once. */
export const expireDeadAlerts = statement<
  [detector: string, keepDays: number, limit: number],
  { readonly removed: number }
>(`
  WITH removed AS (
    DELETE FROM flowline.alert_outbox WHERE outbox_id IN (
      SELECT outbox_id FROM flowline.alert_outbox
      WHERE detector = $1 AND dead_at < now() - make_interval(days => $2::integer) ORDER BY dead_at LIMIT $3)
    RETURNING 1)
  SELECT count(*)::integer AS removed FROM removed
`);
