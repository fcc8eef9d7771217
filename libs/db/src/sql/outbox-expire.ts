import { statement } from '../statement.ts';

/** Removes the alerts that were sent more than so many days ago. */
export const expireOutbox = statement<[keepDays: number], { readonly removed: number }>(`
  WITH removed AS (
    DELETE FROM flowline.alert_outbox WHERE sent_at < now() - make_interval(days => $1::integer) RETURNING 1)
  SELECT count(*)::integer AS removed FROM removed
`);
