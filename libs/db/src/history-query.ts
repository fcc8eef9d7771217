import { FlowlineError } from '@flowline/events';
import type pg from 'pg';

import { errorCode } from './database-error.ts';
import { type HistoryTime, historyTime, TIMESTAMPS, type TimeUnit } from './history-time.ts';

/** Where rows come from, and the time they are ordered by. */
export interface HistorySource {
  /** SQL, as a user writes it: one SELECT. */
  readonly query: string;
  readonly timeColumn: string;
  /** The unit of a time column that holds numbers (default ms). */
  readonly timeUnit?: TimeUnit;
}

/** The range of rows that are meant: from (inclusive) to (exclusive). */
export interface HistoryRange {
  readonly from?: Date;
  readonly to?: Date;
}

/** A column of a history. */
export interface HistoryColumn {
  readonly name: string;
  /** `timestamp` and `document` (json): types whose text is not the same in JSON and in CSV. */
  readonly type: 'timestamp' | 'document' | 'other';
}

/** A history query that was checked against the database. */
export interface CheckedHistory extends HistoryTime {
  readonly columns: readonly HistoryColumn[];
  /** The user's query as a table expression with the alias {@link ROW}. */
  readonly table: string;
}

/** The name of a row in SQL, which no column of a query has by chance. */
export const ROW = 'flowline_row';

const DOCUMENTS: ReadonlySet<number> = new Set([114, 3802]);

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
  const table = asTable(source.query, ROW);
  const { fields } = await asUserQuery(source.query, () =>
    client.query(oneStatement(`SELECT * FROM ${table} LIMIT 0`)),
  );
  checkNames(fields, 'The history', 'spec.history.query');
  const field = fields.find((candidate) => candidate.name === source.timeColumn);
  if (field === undefined) {
    throw new FlowlineError('FLOWLINE_HISTORY_INVALID', `The history has no column "${source.timeColumn}".`, {
      where: 'spec.history.timeColumn',
      remedy: `Name one of its columns: ${fields.map(({ name }) => name).join(', ')}.`,
    });
  }
  return {
    columns: fields.map(({ name, dataTypeID }) => ({ name, type: columnType(dataTypeID) })),
    table,
    ...historyTime(field, `${ROW}.${quoteIdentifier(field.name)}`, source.timeUnit ?? 'ms'),
  };
}

function columnType(oid: number): HistoryColumn['type'] {
  if (TIMESTAMPS.has(oid)) return 'timestamp';
  return DOCUMENTS.has(oid) ? 'document' : 'other';
}

/** Refuses a query of which two columns have one name: a row has one value by each. */
export function checkNames(fields: readonly pg.FieldDef[], of: string, where: string): void {
  const names = fields.map(({ name }) => name);
  const twice = new Set(names.filter((name, i) => names.indexOf(name) < i));
  if (twice.size === 0) return;
  const listed = [...twice].map((name) => `"${name}"`).join(', ');
  throw new FlowlineError('FLOWLINE_HISTORY_INVALID', `${of} has more than one column with the name ${listed}.`, {
    where,
    remedy: 'Give each column of the query a name of its own (AS), or leave the others out.',
  });
}

/** The condition of a range, with its parameters from $1 on; rows without a time never meet it. */
export function rangeCondition({ time, isTime }: HistoryTime, range: HistoryRange): { text: string; values: Date[] } {
  const values: Date[] = [];
  const conditions = [`(${isTime})`];
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
