import { messageOf, FlowlineError } from '@flowline/events';
import type pg from 'pg';

import { errorCode, hintOf } from './database-error.ts';
import { excerpt } from './excerpt.ts';
import { type HistoryTime, historyTime, TIMESTAMPS, type TimeUnit } from './history-time.ts';

/** Source of history rows, and the time column that orders them. */
export interface HistorySource {
  /** SQL written by the user: one SELECT. */
  readonly query: string;
  readonly timeColumn: string;
  /** Unit of a numeric time column (default ms). */
  readonly timeUnit?: TimeUnit;
}

/** Time range of rows: from (inclusive) to (exclusive). */
export interface HistoryRange {
  readonly from?: Date;
  readonly to?: Date;
}

/** Column of a history. */
export interface HistoryColumn {
  readonly name: string;
  /**
   * Type of the column; `timestamp` and `document` (json) are the types whose text differs between
   * JSON and CSV.
   */
  readonly type: 'timestamp' | 'document' | 'other';
}

/** History query that was checked against the database. */
export interface CheckedHistory extends HistoryTime {
  readonly columns: readonly HistoryColumn[];
  /** Type of each column, by name. */
  readonly types: ReadonlyMap<string, number>;
  readonly timeType: number;
  /** The user's query as a table expression with the alias {@link ROW}. */
  readonly table: string;
}

/** SQL name of a row, chosen so that no column of a query has it by accident. */
export const ROW = 'flowline_row';

const DOCUMENTS: ReadonlySet<number> = new Set([114, 3802]);

const SQLSTATE = /^[0-9A-Z]{5}$/;
/**
 * SQLSTATE of errors that no query causes: connections, transactions (except writing), resources,
 * operator intervention, the system.
 */
const SERVER_FAULT = /^(08...|25(?!006)...|40...|53...|55...|57...|58030|XX...)$/;
/**
 * SQLSTATE of errors with fixed messages, unless they quote something: values, cardinality,
 * features, writing, several statements.
 */
const FIXED_MESSAGES = /^(22...|21...|0A...|25006|42601)$/;
/** Function of the server that checks the number of parameters. */
const PARAMETERS = 'exec_bind_message';
const PERMISSION_DENIED = /^permission denied for (table|view|materialized view|foreign table|sequence|schema) /;

/** Quotes the name of a column. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * Makes a query a table expression: without its final semicolon, and safe if it ends with a line
 * comment.
 */
export function asTable(query: string, alias: string): string {
  return `(${query.replace(/[\s;]+$/, '')}\n) AS ${alias}`;
}

/** Driver option missing from its types. */
interface OneStatement extends pg.QueryConfig {
  readonly queryMode: 'extended';
}

/**
 * Builds a statement that the server accepts only if it is a single one, so that no query can end
 * the transaction in which it is read.
 */
export function oneStatement(text: string, values: unknown[] = []): OneStatement {
  return { text, values, queryMode: 'extended' };
}

/**
 * Asks the server for the query's columns and checks that the time column is one of them. Runs
 * inside the caller's transaction.
 */
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
    types: new Map(fields.map(({ name, dataTypeID }) => [name, dataTypeID])),
    timeType: field.dataTypeID,
    table,
    ...historyTime(field, `${ROW}.${quoteIdentifier(field.name)}`, source.timeUnit ?? 'ms'),
  };
}

function columnType(oid: number): HistoryColumn['type'] {
  if (TIMESTAMPS.has(oid)) return 'timestamp';
  return DOCUMENTS.has(oid) ? 'document' : 'other';
}

/** Refuses a query with two columns of the same name, since a row holds one value per name. */
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

/**
 * Builds the condition of a range, with parameters from $1 on. Rows without a time never satisfy
 * it.
 */
export function rangeCondition({ time, isTime }: HistoryTime, range: HistoryRange): { text: string; values: Date[] } {
  const values: Date[] = [];
  const conditions = [`(${isTime})`];
  if (range.from !== undefined) conditions.push(`${time} >= $${values.push(range.from)}`);
  if (range.to !== undefined) conditions.push(`${time} < $${values.push(range.to)}`);
  return { text: conditions.join(' AND '), values };
}

/**
 * Runs a statement that contains a user's SQL. An error caused by its text names the query and the
 * server's message. Such a message may quote any value that the role can read: it is meant for the
 * person who runs the query, so others get the public message.
 */
export async function asUserQuery<T>(query: string, run: () => Promise<T>, where = 'spec.history.query'): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const failed = `The query "${excerpt(query)}" failed`;
    if (lacksParameters(error)) {
      throw new FlowlineError('FLOWLINE_HISTORY_INVALID', `${failed}: it has parameters, such as $1.`, {
        where,
        remedy: 'Write the values into the query.',
        cause: error,
      });
    }
    const code = errorCode(error);
    if (code === undefined || !SQLSTATE.test(code) || SERVER_FAULT.test(code)) throw error;
    const message = messageOf(error);
    const isOfText = isAboutText(code, message, error);
    throw new FlowlineError('FLOWLINE_HISTORY_INVALID', `${failed}: ${message}`, {
      where,
      remedy: (isOfText ? hintOf(error) : undefined) ?? remedyFor(code),
      publicMessage: isOfText ? `${failed}: ${message}` : `${failed} with SQLSTATE ${code}.`,
      cause: error,
    });
  }
}

/**
 * True if a statement has parameters without values. The server calls that a violation of the
 * protocol, as poolers call every failure of theirs.
 */
function lacksParameters(error: unknown): boolean {
  return errorCode(error) === '08P01' && error instanceof Error && 'routine' in error && error.routine === PARAMETERS;
}

/**
 * True if an error concerns the text of the query: it points into the text, or names the object for
 * which a privilege is missing.
 */
function isAboutText(code: string, message: string, error: unknown): boolean {
  const position = typeof error === 'object' && error !== null && 'position' in error ? error.position : undefined;
  if (code.startsWith('42') && position !== undefined) return true;
  if (code === '42501') return PERMISSION_DENIED.test(message);
  // Accepts messages of the server's own words only: quoted values have quotation marks, and
  // numbers have digits.
  return FIXED_MESSAGES.test(code) && !/["'`0-9]/.test(message);
}

function remedyFor(code: string): string {
  if (code === '42P01') return 'Create the table, correct its name, or write its schema before it.';
  if (code === '42703') return 'Correct the name of the column.';
  if (code === '42501') return 'Grant the role SELECT on the table.';
  return 'Correct the query; it must be one SELECT that runs as it is.';
}
