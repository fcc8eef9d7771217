import { FlowlineError, type LookupTable } from '@flowline/events';

import type { Database } from './database.ts';
import { asTable, asUserQuery, oneStatement } from './history-query.ts';
import { withTransaction } from './transaction.ts';

/** A lookup table becomes part of every model version: beyond this it belongs into the history query. */
const MAX_ROWS = 100_000;

/**
 * Reads a lookup table: the rows of a query by their key; numbers and texts stay, times become ISO 8601 text, truth values
 * "true" and "false".
 * @param name how it is called in messages.
 * @throws FlowlineError FLOWLINE_HISTORY_INVALID: a missing table or column, a key that is null or stands twice, too many rows.
 */
export async function readLookup(db: Database, name: string, query: string, key: string): Promise<LookupTable> {
  const where = `spec.lookups.${name}`;
  const invalid = (finding: string, remedy: string, publicFinding = finding) =>
    new FlowlineError('FLOWLINE_HISTORY_INVALID', `The lookup table ${name} ${finding}.`, {
      ...{ where, remedy },
      publicMessage: `The lookup table ${name} ${publicFinding}.`,
    });
  const { fields, rows } = await withTransaction(
    db,
    (client) =>
      asUserQuery(
        query,
        () =>
          client.query<Record<string, unknown>>(
            oneStatement(`SELECT * FROM ${asTable(query, 'lookup')} LIMIT ${MAX_ROWS + 1}`),
          ),
        `${where}.query`,
      ),
    { readOnly: true, timeoutMs: 120_000 },
  );
  const columns = fields.map((field) => field.name);
  if (!columns.includes(key)) throw invalid(`has no column "${key}"`, `Name one of ${columns.join(', ')}.`);
  if (rows.length > MAX_ROWS) throw invalid(`has more than ${MAX_ROWS} rows`, 'Join it in the history query instead.');
  const byKey = new Map<string, Record<string, string | number | null>>();
  for (const row of rows) {
    const value = plainValue(row[key]);
    if (value === null) throw invalid(`has a row whose key "${key}" is null`, 'Leave such rows out.');
    if (byKey.has(String(value))) {
      throw invalid(`has the key "${value}" twice`, 'Make the key unique in the query.', 'has a key twice');
    }
    byKey.set(
      String(value),
      Object.fromEntries(Object.entries(row).map(([column, cell]) => [column, plainValue(cell)])),
    );
  }
  return { key, rows: Object.fromEntries(byKey) };
}

function plainValue(value: unknown): string | number | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number' || typeof value === 'string') return value;
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'boolean' ? String(value) : JSON.stringify(value);
}
