import type pg from 'pg';

import { closeClient, type Database } from './database.ts';
import { toFlowlineError } from './database-error.ts';
import {
  asUserQuery,
  type CheckedHistory,
  checkHistory,
  type HistoryColumn,
  type HistoryRange,
  type HistorySource,
  oneStatement,
  rangeCondition,
} from './history-query.ts';
import { openSnapshot } from './history-snapshot.ts';

/** Rows of one UTC day. */
export interface HistoryDay {
  /** Start of the day, in milliseconds since the epoch. */
  readonly startMs: number;
  readonly rows: number;
  /** Times of the first and the last row. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Extent of a history. */
export interface HistorySummary {
  /** Number of rows with a time. */
  readonly rows: number;
  /** Times of the first and the last row; null if there are none. */
  readonly from: Date | null;
  readonly to: Date | null;
  /** Days with rows, in order. */
  readonly days: readonly HistoryDay[];
  /** Number of rows without a time in the whole history; they are never read. */
  readonly rowsWithoutTime: number;
  /**
   * Rows with an invalid time (infinite, NaN, text of a nonexistent day) in the whole history, with
   * an example; they are never read.
   */
  readonly badTimes: { readonly rows: number; readonly example: string | null };
  readonly columns: readonly HistoryColumn[];
}

/**
 * Counts history within a range and finds its first and last time.
 * @throws FlowlineError FLOWLINE_HISTORY_INVALID naming the missing table or column.
 */
export async function summariseHistory(db: Database, request: HistorySource & HistoryRange): Promise<HistorySummary> {
  const client = await openSnapshot(db);
  try {
    return await summarise(client, request, await checkHistory(client, request));
  } catch (error) {
    throw toFlowlineError(error, db.address);
  } finally {
    await closeClient(client);
  }
}

interface DayRow {
  /** UTC day; null for rows without a time. */
  readonly day: Date | null;
  readonly rows: number;
  readonly first: Date | null;
  readonly last: Date | null;
  /** Number of rows whose time column is not null. */
  readonly stated: number;
  readonly example: string | null;
}

/** Counts the rows of every day, and those without a time. */
async function selectDays(
  client: pg.ClientBase,
  request: HistorySource & HistoryRange,
  history: CheckedHistory,
): Promise<readonly DayRow[]> {
  const { text, values } = rangeCondition(history, request);
  const statement = oneStatement(
    `SELECT date_trunc('day', time) AS day, count(*) AS rows, min(time) AS "first", max(time) AS "last",
       count(stated) AS stated, min(left(stated::text, 40)) FILTER (WHERE time IS NULL) AS example
     FROM (
       SELECT CASE WHEN ${history.isTime} THEN ${history.time} END AS time, ${history.column} AS stated
       FROM ${history.table} WHERE (${text}) OR (${history.isTime}) IS NOT TRUE
     ) AS times
     GROUP BY 1 ORDER BY 1`,
    values,
  );
  return (await asUserQuery(request.query, () => client.query<DayRow>(statement))).rows;
}

/** Counts history within a range, on a connection. */
export async function summarise(
  client: pg.ClientBase,
  request: HistorySource & HistoryRange,
  history: CheckedHistory,
): Promise<HistorySummary> {
  const rows = await selectDays(client, request, history);
  const days = rows.flatMap(({ day, rows, first, last }) =>
    day === null ? [] : [{ startMs: +day, rows, firstMs: Number(first), lastMs: Number(last) }],
  );
  const without = rows.find(({ day }) => day === null);
  const [first, last] = [days[0], days.at(-1)];
  return {
    rows: days.reduce((sum, { rows }) => sum + rows, 0),
    from: first === undefined ? null : new Date(first.firstMs),
    to: last === undefined ? null : new Date(last.lastMs),
    days,
    rowsWithoutTime: without === undefined ? 0 : without.rows - without.stated,
    badTimes: { rows: without?.stated ?? 0, example: without?.example ?? null },
    columns: history.columns,
  };
}
