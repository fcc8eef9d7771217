import { statement } from '../statement.ts';

/** Removes the alerts of a detector that wait to be sent. */
export const withdrawAlerts = statement<[detector: string], never>(`
  DELETE FROM flowline.alert_outbox WHERE detector = $1 AND sent_at IS NULL AND dead_at IS NULL
`);
