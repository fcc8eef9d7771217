import { FlowlineError, type LookupTable, Numeral, parseJson } from '@flowline/events';
import type pg from 'pg';

import type { Database } from './database.ts';
import { asTable, asUserQuery, checkNames, oneStatement, ROW } from './history-query.ts';
import { TIMESTAMPS } from './history-time.ts';
import { withTransaction } from './transaction.ts';

/**
 * Maximum rows of a lookup table, which is part of every model version; a larger one belongs in the
 * history query.
 */
const MAX_ROWS = 100_000;

/**
 * Reads a lookup table: the rows of a query by key. Numbers and texts are kept, times become ISO
 * 8601 text, and booleans become "true" and "false".
 * @param name name of the table in messages.
 * @throws FlowlineError FLOWLINE_HISTORY_INVALID: a missing table or column, a null or duplicate
 * key, too many rows.
 */
export async function readLookup(db: Database, name: string, query: string, key: string): Promise<LookupTable> {
  const where = `spec.lookups.${name}`;
  const invalid = (finding: string, remedy: string, publicFinding = finding) =>
    new FlowlineError('FLOWLINE_HISTORY_INVALID', `The lookup table ${name} ${finding}.`, {
      ...{ where, remedy },
      publicMessage: `The lookup table ${name} ${publicFinding}.`,
    });
  const { fields, rows } = await readRows(db, name, query, where);
  const columns = fields.map((field) => field.name);
  const keyField = fields.find((field) => field.name === key);
  if (keyField === undefined) throw invalid(`has no column "${key}"`, `Name one of ${columns.join(', ')}.`);
  if (TIMESTAMPS.has(keyField.dataTypeID))
    throw invalid(
      `has the key "${key}", a timestamp`,
      'No event has a timestamp as a key: cast it to date or text in the query.',
    );
  if (rows.length > MAX_ROWS) throw invalid(`has more than ${MAX_ROWS} rows`, 'Join it in the history query instead.');
  const byKey = new Map<string, Record<string, string | number | null>>();
  for (const row of rows) {
    const value = keyText(row[key]);
    if (value === null) throw invalid(`has a row whose key "${key}" is null`, 'Leave such rows out.');
    if (byKey.has(value)) {
      throw invalid(`has the key "${value}" twice`, 'Make the key unique in the query.', 'has a key twice');
    }
    byKey.set(value, Object.fromEntries(Object.entries(row).map(([column, cell]) => [column, plainValue(cell)])));
  }
  return { key, rows: Object.fromEntries(byKey) };
}

/** Row of a query: its columns by name. */
type Row = Readonly<Record<string, unknown>>;

/** Reads the columns and the rows of a lookup's query, with one row more than a table may have. */
function readRows(
  db: Database,
  name: string,
  query: string,
  where: string,
): Promise<{ readonly fields: readonly pg.FieldDef[]; readonly rows: readonly Row[] }> {
  const table = asTable(query, ROW);
  const read = async (client: pg.PoolClient) => {
    const { fields } = await client.query(oneStatement(`SELECT * FROM ${table} LIMIT 0`));
    checkNames(fields, `The lookup table ${name}`, `${where}.query`);
    const { rows } = await client.query<{ readonly json: string }>(
      oneStatement(`SELECT row_to_json(${ROW})::text AS json FROM ${table} LIMIT ${MAX_ROWS + 1}`),
    );
    return { fields, rows: rows.map(({ json }) => parseJson(json) as Row) };
  };
  return withTransaction(db, (client) => asUserQuery(query, () => read(client), `${where}.query`), {
    readOnly: true,
    timeoutMs: 120_000,
  });
}

/** Key as an event would name it. */
function keyText(value: unknown): string | null {
  if (value instanceof Numeral) return value.text;
  const plain = plainValue(value);
  return plain === null ? null : String(plain);
}

function plainValue(value: unknown): string | number | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number' || typeof value === 'string') return value;
  if (value instanceof Numeral)
    return Number.isInteger(value.valueOf()) && !Number.isSafeInteger(value.valueOf()) ? value.text : value.valueOf();
  return typeof value === 'boolean' ? String(value) : JSON.stringify(value);
}
