import { statement } from '../statement.ts';

/** Deletes the waiting alerts of a detector. */
export const withdrawAlerts = statement<[detector: string], never>(`
  DELETE FROM flowline.alert_outbox WHERE detector = $1 AND sent_at IS NULL AND dead_at IS NULL
`);
