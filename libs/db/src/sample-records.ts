import { parseJson } from '@flowline/events';

import type { Database } from './database.ts';
import { asTable, asUserQuery, oneStatement, ROW } from './history-query.ts';
import { readableTable } from './table-profile.ts';
import { withTransaction } from './transaction.ts';

/** Rows of a table (by its name, or a schema and a name), or of a query. */
export type SampledRows = { readonly table: string } | { readonly query: string };

/** Records that were read, and the query whose rows they are. */
export interface SampledRecords {
  readonly query: string;
  readonly records: readonly unknown[];
}

const TIMEOUT_MS = 120_000;

/**
 * Reads the first rows of a table or query as records, in a transaction that can change nothing:
 * as the JSON that their events would have.
 * @throws FlowlineError FLOWLINE_REQUEST_INVALID for what is no name of a table,
 *   FLOWLINE_NOT_FOUND for a table that is not there or may not be read, FLOWLINE_HISTORY_INVALID
 *   for a query that fails.
 */
export function sampleRecords(db: Database, from: SampledRows, mostRows: number): Promise<SampledRecords> {
  return withTransaction(
    db,
    async (client) => {
      const query = 'query' in from ? from.query : `select * from ${(await readableTable(client, from.table)).name}`;
      const text = `SELECT row_to_json(${ROW})::text AS json FROM ${asTable(query, ROW)} LIMIT ${mostRows}`;
      const { rows } = await asUserQuery(
        query,
        () => client.query<{ readonly json: string }>(oneStatement(text)),
        'query',
      );
      return { query, records: rows.map(({ json }) => parseJson(json)) };
    },
    { readOnly: true, timeoutMs: TIMEOUT_MS },
  );
}
