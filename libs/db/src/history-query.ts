import { FlowlineError } from '@flowline/events';
import type pg from 'pg';

import { errorCode } from './database-error.ts';

/** Where rows come from, and the time they are ordered by. */
export interface HistorySource {
  /** SQL, as a user writes it: one SELECT. */
  readonly query: string;
  readonly timeColumn: string;
  /** The unit of a time column that holds numbers (default ms). */
  readonly timeUnit?: 'ms' | 's' | 'us' | 'iso';
}

/** The range of rows that are meant: from (inclusive) to (exclusive). */
export interface HistoryRange {
  readonly from?: Date;
  readonly to?: Date;
}

/** A history query that was checked against the database. */
export interface CheckedHistory {
  readonly columns: readonly string[];
  /** The user's query as a table expression. */
  readonly table: string;
  /** The time column as SQL of type timestamptz. */
  readonly time: string;
}

/** Types whose values are times already. */
const TIME_OIDS = new Set([1082, 1114, 1184]);
const NUMBER_OIDS = new Set([20, 21, 23, 700, 701, 1700]);
const TEXT_OIDS = new Set([25, 1042, 1043]);
const UNITS_PER_SECOND = { ms: 1_000, s: 1, us: 1_000_000, iso: 1_000 } as const;

/** SQLSTATE classes of errors that the text of a query causes: syntax, names, privileges, values. */
const QUERY_FAULT = /^(42|22|0A|21|25006)/;

function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A query as a table expression: without the semicolon at its end, and safe before a line comment at its end. */
export function asTable(query: string, alias: string): string {
  return `(${query.replace(/[\s;]+$/, '')}\n) AS ${alias}`;
}

/** The driver's option that its types do not know yet. */
interface OneStatement extends pg.QueryConfig {
  readonly queryMode: 'extended';
}

/** A statement that the server takes only when it is one, so that no query can end the transaction it is read in. */
export function oneStatement(text: string, values: unknown[] = []): OneStatement {
  return { text, values, queryMode: 'extended' };
}

/** Asks the server what the query's columns are, and whether the time column is one. Runs inside the caller's transaction. */
export async function checkHistory(client: pg.ClientBase, source: HistorySource): Promise<CheckedHistory> {
  const table = asTable(source.query, 'history');
  const { fields } = await asUserQuery(source.query, () =>
    client.query(oneStatement(`SELECT * FROM ${table} LIMIT 0`)),
  );
  const columns = fields.map((field) => field.name);
  const field = fields.find((candidate) => candidate.name === source.timeColumn);
  if (field === undefined) {
    throw new FlowlineError('FLOWLINE_HISTORY_INVALID', `The history has no column "${source.timeColumn}".`, {
      where: 'spec.history.timeColumn',
      remedy: `Name one of its columns: ${columns.join(', ')}.`,
    });
  }
  return { columns, table, time: timeExpression(field, source) };
}

function timeExpression(field: pg.FieldDef, source: HistorySource): string {
  const column = `history.${quoteIdentifier(field.name)}`;
  // Times without a zone are UTC, as in the rows.
  if (field.dataTypeID === 1184) return column;
  if (TIME_OIDS.has(field.dataTypeID)) return `(${column} AT TIME ZONE 'UTC')`;
  if (NUMBER_OIDS.has(field.dataTypeID)) {
    return `to_timestamp(${column}::float8 / ${UNITS_PER_SECOND[source.timeUnit ?? 'ms']})`;
  }
  if (TEXT_OIDS.has(field.dataTypeID)) return `${column}::timestamptz`;
  throw new FlowlineError('FLOWLINE_HISTORY_INVALID', `The column "${field.name}" of the history is not a time.`, {
    where: 'spec.history.timeColumn',
    remedy: 'Name a column of type timestamp, number (since the epoch) or ISO 8601 text.',
  });
}

/** The condition of a range, with its parameters from $1 on; rows without a time never meet it. */
export function rangeCondition(time: string, range: HistoryRange): { text: string; values: Date[] } {
  const values: Date[] = [];
  const conditions = [`${time} IS NOT NULL`];
  if (range.from !== undefined) conditions.push(`${time} >= $${values.push(range.from)}`);
  if (range.to !== undefined) conditions.push(`${time} < $${values.push(range.to)}`);
  return { text: conditions.join(' AND '), values };
}

/** Runs what a user's SQL is part of: an error that its text causes names the query and what the server found. */
export async function asUserQuery<T>(query: string, run: () => Promise<T>, where = 'spec.history.query'): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined || !/^[0-9A-Z]{5}$/.test(code) || !QUERY_FAULT.test(code)) throw error;
    const message = error instanceof Error ? error.message : String(error);
    const hint = typeof error === 'object' && error !== null && 'hint' in error && error.hint;
    throw new FlowlineError('FLOWLINE_HISTORY_INVALID', `The query "${shorten(query)}" failed: ${message}`, {
      where,
      remedy: typeof hint === 'string' ? hint : remedyFor(code),
      cause: error,
    });
  }
}

function remedyFor(code: string): string {
  if (code === '42P01') return 'Create the table, correct its name, or write its schema before it.';
  if (code === '42703') return 'Correct the name of the column.';
  if (code === '42501') return 'Grant the role SELECT on the table.';
  return 'Correct the query; it must be one SELECT that runs as it is.';
}

function shorten(query: string): string {
  const line = query.replace(/\s+/g, ' ').trim();
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}
