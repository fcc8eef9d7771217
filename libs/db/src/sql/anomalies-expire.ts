import { statement } from '../statement.ts';

/**
 * Deletes anomalies of a detector older than `keepDays`, at most `limit` per call, oldest first.
 */
export const expireAnomalies = statement<
  [detector: string, keepDays: number, limit: number],
  { readonly removed: number }
>(`
  WITH removed AS (
    DELETE FROM flowline.anomalies WHERE anomaly_id IN (
      SELECT anomaly_id FROM flowline.anomalies
      WHERE detector = $1 AND scored_at < now() - make_interval(days => $2::integer) ORDER BY scored_at LIMIT $3)
    RETURNING 1)
  SELECT count(*)::integer AS removed FROM removed
`);
