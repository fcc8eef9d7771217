import { statement } from '../statement.ts';

/**
 * Deletes alerts sent more than `keepDays` ago, and alerts for standard output that have waited as
 * long, at most `limit` of each per call.
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

/**
 * Deletes alerts of a detector set aside more than `keepDays` ago, at most `limit` per call, oldest
 * first.
 */
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
