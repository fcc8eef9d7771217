import type pg from 'pg';

import { closeClient, type Database, openClient } from './database.ts';
import { toFlowlineError } from './database-error.ts';
import {
  asUserQuery,
  type CheckedHistory,
  checkHistory,
  type HistoryRange,
  type HistorySource,
  oneStatement,
  rangeCondition,
} from './history-query.ts';

/** Which rows are read. */
export interface HistoryRequest extends HistorySource, HistoryRange {
  /** At most so many rows, spread evenly over the range: every n-th in order of time. */
  readonly maxRows?: number;
  /** Rows of a chunk (default 5,000): what memory holds at a time. */
  readonly chunkRows?: number;
}

/** A row of the history: its columns by name. */
export type HistoryRow = Readonly<Record<string, unknown>>;

/** How much history there is. */
export interface HistorySummary {
  readonly rows: number;
  /** Times of the first and the last row; null where there are none. */
  readonly from: Date | null;
  readonly to: Date | null;
  /** Rows without a time: they are never read. */
  readonly rowsWithoutTime: number;
  readonly columns: readonly string[];
}

const CHUNK_ROWS = 5_000;

/**
 * Reads history in order of time by a server-side cursor, in one read-only snapshot: memory holds a chunk at a time. The order of
 * rows of one time is that of the table, the same for the same table.
 * @throws FlowlineError FLOWLINE_HISTORY_INVALID naming the missing table or column.
 */
export async function* readHistory(
  db: Database,
  request: HistoryRequest,
): AsyncGenerator<HistoryRow[], void, undefined> {
  const chunkRows = request.chunkRows ?? CHUNK_ROWS;
  const client = await openSnapshot(db);
  try {
    const history = await checkHistory(client, request);
    const total = request.maxRows === undefined ? 0 : (await summarise(client, request, history)).rows;
    const { text, values } = historySelect(history, request, total);
    await asUserQuery(request.query, () =>
      client.query(oneStatement(`DECLARE history NO SCROLL CURSOR FOR ${text}`, values)),
    );
    for (;;) {
      const chunk = await asUserQuery(request.query, () =>
        client.query<HistoryRow>(`FETCH ${Math.trunc(chunkRows)} FROM history`),
      );
      if (chunk.rows.length > 0) yield chunk.rows;
      if (chunk.rows.length < chunkRows) return;
    }
  } catch (error) {
    throw toFlowlineError(error, db.address);
  } finally {
    await closeClient(client);
  }
}

/**
 * Counts history and finds its ends, within a range.
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

async function summarise(
  client: pg.ClientBase,
  request: HistorySource & HistoryRange,
  history: CheckedHistory,
): Promise<HistorySummary> {
  const { text, values } = rangeCondition(history.time, request);
  const { rows } = await asUserQuery(request.query, () =>
    client.query<Omit<HistorySummary, 'columns'>>(
      oneStatement(
        `SELECT count(*) FILTER (WHERE ${text}) AS rows,
              min(${history.time}) FILTER (WHERE ${text}) AS "from", max(${history.time}) FILTER (WHERE ${text}) AS "to",
              count(*) FILTER (WHERE ${history.time} IS NULL) AS "rowsWithoutTime"
       FROM ${history.table}`,
        values,
      ),
    ),
  );
  const [summary = { rows: 0, from: null, to: null, rowsWithoutTime: 0 }] = rows;
  return { ...summary, columns: history.columns };
}

function historySelect(
  history: CheckedHistory,
  request: HistoryRequest,
  total: number,
): { text: string; values: Date[] } {
  const { text, values } = rangeCondition(history.time, request);
  if (request.maxRows === undefined || total <= request.maxRows) {
    return { text: `SELECT history.* FROM ${history.table} WHERE ${text} ORDER BY ${history.time}`, values };
  }
  // Row r (from 1) is kept where floor(r·max/total) steps up: exactly `max` of them, evenly spread.
  const most = Math.trunc(request.maxRows);
  const step = (row: string) => `(${row}) * ${most}::bigint / ${total}::bigint`;
  const columns = history.columns.map((name) => `"${name.replaceAll('"', '""')}"`).join(', ');
  return {
    text: `SELECT ${columns} FROM (
        SELECT history.*, row_number() OVER (ORDER BY ${history.time}) AS flowline_row FROM ${history.table} WHERE ${text}
      ) AS numbered
      WHERE ${step('flowline_row')} > ${step('flowline_row - 1')}
      ORDER BY flowline_row`,
    values,
  };
}

/** A connection with a read-only snapshot; scans start at the beginning of a table and run alone, for a stable order. */
async function openSnapshot(db: Database): Promise<pg.Client> {
  const client = await openClient(db);
  await client.query(
    `BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY;
     SET LOCAL synchronize_seqscans = off;
     SET LOCAL max_parallel_workers_per_gather = 0;
     SET LOCAL idle_in_transaction_session_timeout = 0`,
  );
  return client;
}
