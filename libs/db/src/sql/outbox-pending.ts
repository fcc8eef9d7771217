import { statement } from '../statement.ts';

/** How many alerts wait, and how long the oldest has. */
export const selectOutboxPending = statement<[], { readonly pending: number; readonly oldestSeconds: number | null }>(`
  SELECT count(*) AS pending, extract(epoch FROM clock_timestamp() - min(created_at))::float8 AS "oldestSeconds"
  FROM flowline.alert_outbox WHERE sent_at IS NULL
`);
