import { once } from 'node:events';

import { from as copyFrom } from 'pg-copy-streams';

import type { Database } from './database.ts';
import { selectTableExists } from './sql/schema.ts';
import { withTransaction } from './transaction.ts';

/** Table with its rows. */
export interface CsvTable {
  /** Plain name, for the first schema of the search path. */
  readonly name: string;
  /** Columns as in CREATE TABLE, in the order of the CSV text. */
  readonly columns: string;
  /** CSV without a header. */
  readonly csv: string;
}

/**
 * Creates a table and fills it, in one transaction. An existing table of that name is left
 * unchanged. For demonstrations: name and columns are inserted into the SQL as they are.
 * @returns true if the table is new.
 */
export function createTableFromCsv(db: Database, { name, columns, csv }: CsvTable): Promise<boolean> {
  return withTransaction(db, async (client) => {
    if ((await selectTableExists(client, { table: name })).exists) return false;
    await client.query(`CREATE TABLE ${name} (${columns})`);
    const copy = client.query(copyFrom(`COPY ${name} FROM STDIN (FORMAT csv)`));
    copy.end(csv);
    await once(copy, 'finish');
    return true;
  });
}
