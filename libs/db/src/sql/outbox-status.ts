import { statement } from '../statement.ts';

/**
 * Counts the waiting alerts of a sink, with the age of the oldest, and those set aside. Waiting
 * alerts of deleted detectors are left out.
 */
export const selectOutboxStatus = statement<
  [sink: string],
  { readonly pending: number; readonly oldestSeconds: number | null; readonly dead: number }
>(`
  SELECT count(*) AS pending, (extract(epoch FROM clock_timestamp() - min(created_at)))::float8 AS "oldestSeconds",
         (SELECT count(*) FROM flowline.alert_outbox WHERE dead_at IS NOT NULL AND sink = $1) AS dead
  FROM flowline.alert_outbox o WHERE sink = $1 AND sent_at IS NULL AND dead_at IS NULL
    AND NOT EXISTS (SELECT FROM flowline.detectors d WHERE d.name = o.detector AND d.state = 'deleted')
`);
