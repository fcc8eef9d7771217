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

const SQLSTATE = /^[0-9A-Z]{5}$/;
/** SQLSTATE of what no query is at fault for: connections, transactions, resources, an operator, the system; but not writing. */
const SERVER_FAULT = /^(08...|25(?!006)...|40...|53...|55...|57...|58030|XX...)$/;
/** SQLSTATE of errors whose words are the server's own, unless it quotes: values, cardinality, features, writing, several statements. */
const FIXED_WORDS = /^(22...|21...|0A...|25006|42601)$/;
const PERMISSION_DENIED = /^permission denied for (table|view|materialized view|foreign table|sequence|schema) /;

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

/**
 * Runs what a user's SQL is part of: an error that its text causes names the query and what the server found. What the server says
 * while it runs may quote any value that this role may read: that is for whoever runs the query, not for those who read of it.
 */
export async function asUserQuery<T>(query: string, run: () => Promise<T>, where = 'spec.history.query'): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined || !SQLSTATE.test(code) || SERVER_FAULT.test(code)) throw error;
    const message = error instanceof Error ? error.message : String(error);
    const failed = `The query "${shorten(query)}" failed`;
    const isOfText = isAboutText(code, message, error);
    const hint = isOfText && typeof error === 'object' && error !== null && 'hint' in error && error.hint;
    throw new FlowlineError('FLOWLINE_HISTORY_INVALID', `${failed}: ${message}`, {
      where,
      remedy: typeof hint === 'string' ? hint : remedyFor(code),
      publicMessage: isOfText ? `${failed}: ${message}` : `${failed} with SQLSTATE ${code}.`,
      cause: error,
    });
  }
}

/** Whether an error is about the text of the query: it points into the text, or names what a privilege is missing for. */
function isAboutText(code: string, message: string, error: unknown): boolean {
  const position = typeof error === 'object' && error !== null && 'position' in error ? error.position : undefined;
  if (code.startsWith('42') && position !== undefined) return true;
  if (code === '42501') return PERMISSION_DENIED.test(message);
  // Words of the server alone: it quotes values, and writes numbers in digits.
  return FIXED_WORDS.test(code) && !/["'`0-9]/.test(message);
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
