import { statement } from '../statement.ts';

/** Alarms of a detector over the UTC days from one on: expected by the alpha that decided, and measured. */
export interface AlarmRateRow {
  readonly events: number;
  readonly expected: number;
  readonly measured: number;
}

/** Sums over the last so many UTC days, today among them. */
export const selectAlarmRate = statement<[detector: string, days: number], AlarmRateRow>(`
  SELECT coalesce(sum(events), 0)::float8 AS events, coalesce(sum(expected), 0) AS expected,
         coalesce(sum(measured), 0)::float8 AS measured
  FROM flowline.v1_alert_rate_daily
  WHERE detector = $1 AND day > (now() AT TIME ZONE 'UTC')::date - $2::integer
`);
