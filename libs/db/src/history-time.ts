import { FlowlineError } from '@flowline/events';
import type pg from 'pg';

/** Time of a history's rows, as SQL expressions. */
export interface HistoryTime {
  /** Expression of type timestamptz. For a row without a valid time it is null or any value. */
  readonly time: string;
  /** Condition that a row has a valid time. */
  readonly isTime: string;
  /** The column as it is. */
  readonly column: string;
}

/** Unit of a numeric time column; `iso` counts as ms. */
export type TimeUnit = 'ms' | 's' | 'us' | 'iso';

const { DATE, TIMESTAMP, TIMESTAMPTZ, INT8, INT2, INT4, FLOAT4, FLOAT8, NUMERIC, TEXT, BPCHAR, VARCHAR } = {
  ...{ DATE: 1082, TIMESTAMP: 1114, TIMESTAMPTZ: 1184, INT8: 20, INT2: 21, INT4: 23 },
  ...{ FLOAT4: 700, FLOAT8: 701, NUMERIC: 1700, TEXT: 25, BPCHAR: 1042, VARCHAR: 1043 },
};
const NUMBERS: ReadonlySet<number> = new Set([INT8, INT2, INT4, FLOAT4, FLOAT8, NUMERIC]);
const TEXTS: ReadonlySet<number> = new Set([TEXT, BPCHAR, VARCHAR]);
/** Types whose text differs between JSON ("T" between day and time) and CSV (a space). */
export const TIMESTAMPS: ReadonlySet<number> = new Set([TIMESTAMP, TIMESTAMPTZ]);

const UNITS_PER_SECOND = { ms: 1_000, s: 1, us: 1_000_000, iso: 1_000 } as const;
/**
 * Valid times are the years 100 to 9999: ISO 8601 text with four-digit years, from the first year
 * that cannot be an abbreviation.
 */
const [EARLIEST, LATEST] = ["'0100-01-01'", "'10000-01-01'"];
const [EARLIEST_S, LATEST_S] = [Date.UTC(100, 0, 1) / 1000, Date.UTC(10_000, 0, 1) / 1000];

const DAY = '(0[1-9][0-9]{2}|[1-9][0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])';
const HOUR = '([01][0-9]|2[0-3])';
const SIXTY = '[0-5][0-9]';
const FRACTION = '([.,][0-9]+)?';
const TIME_OF_DAY = `${HOUR}:${SIXTY}(:${SIXTY}${FRACTION})?|24:00(:00)?|${HOUR}:59:60`;
const OFFSET = `[Zz]|[+-](0[0-9]|1[0-5])(${SIXTY}|:${SIXTY}(:${SIXTY})?)?`;
/** Matches ISO 8601 text that Postgres can read, except for days that the month does not have. */
const ISO_TEXT = `^${DAY}([Tt ](${TIME_OF_DAY})(${OFFSET})?)? *$`;

/**
 * Builds the time of a history from its column. A row whose value is not a valid time (infinite,
 * not a number, far beyond the calendar, text other than ISO 8601, or a day that does not exist)
 * counts as a row without a time; it never causes an error.
 * @throws FlowlineError FLOWLINE_HISTORY_INVALID for a column of another type.
 */
export function historyTime(field: pg.FieldDef, column: string, unit: TimeUnit): HistoryTime {
  const type = field.dataTypeID;
  const bounded = `${column} >= ${EARLIEST} AND ${column} < ${LATEST}`;
  const of = (time: string, isTime = `${time} IS NOT NULL`): HistoryTime => ({ time, isTime, column });
  if (type === TIMESTAMPTZ) return of(column, bounded);
  // Times without a zone are UTC, as in the rows.
  if (type === TIMESTAMP) return of(`(${column} AT TIME ZONE 'UTC')`, bounded);
  if (type === DATE) return of(`CASE WHEN ${bounded} THEN ${column}::timestamp AT TIME ZONE 'UTC' END`);
  if (NUMBERS.has(type)) {
    const perSecond = UNITS_PER_SECOND[unit];
    const within = `${column} >= ${EARLIEST_S * perSecond} AND ${column} < ${LATEST_S * perSecond}`;
    return of(`CASE WHEN ${within} THEN to_timestamp(${column}::float8 / ${perSecond}) END`);
  }
  if (TEXTS.has(type)) return of(timeOfText(`${column}::text`));
  throw new FlowlineError('FLOWLINE_HISTORY_INVALID', `The column "${field.name}" of the history is not a time.`, {
    where: 'spec.history.timeColumn',
    remedy: 'Name a column of type timestamp, number (since the epoch) or ISO 8601 text.',
  });
}

/**
 * Converts text to a time. The CASE expressions are nested, because only CASE guarantees the order
 * of evaluation.
 */
function timeOfText(text: string): string {
  const monthEnd = `make_date(left(${text}, 4)::int, substr(${text}, 6, 2)::int, 1) + interval '1 month -1 day'`;
  return `CASE WHEN ${text} ~ '${ISO_TEXT}' THEN
    CASE WHEN substr(${text}, 9, 2)::int <= extract(day FROM ${monthEnd})
      THEN replace(${text}, ',', '.')::timestamptz END END`;
}
