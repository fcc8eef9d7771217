import { statement } from '../statement.ts';

/** Alarms of a detector: expected by the alpha in force at scoring, and measured. */
export interface AlarmRateRow {
  readonly events: number;
  readonly expected: number;
  readonly measured: number;
}

/** Sums a detector's alarms over the last `days` UTC days, including today. */
export const selectAlarmRate = statement<[detector: string, days: number], AlarmRateRow>(`
  SELECT coalesce(sum(events), 0)::float8 AS events, coalesce(sum(expected), 0) AS expected,
         coalesce(sum(measured), 0)::float8 AS measured
  FROM flowline.v1_alert_rate_daily
  WHERE detector = $1 AND day > (now() AT TIME ZONE 'UTC')::date - $2::integer
`);
