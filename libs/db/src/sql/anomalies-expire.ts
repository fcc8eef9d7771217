import { statement } from '../statement.ts';

/** Removes the anomalies of a detector that are older than so many days. */
export const expireAnomalies = statement<[detector: string, keepDays: number], { readonly removed: number }>(`
  WITH removed AS (
    DELETE FROM flowline.anomalies WHERE detector = $1 AND scored_at < now() - make_interval(days => $2::integer) RETURNING 1)
  SELECT count(*)::integer AS removed FROM removed
`);
