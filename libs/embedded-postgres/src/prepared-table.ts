import { writeFile } from 'node:fs/promises';

import { runAlone } from './programs.ts';
import type { ServerPlace } from './server-place.ts';

/** A table created before the server starts. */
export interface PreparedTable {
  readonly name: string;
  /** Columns as in CREATE TABLE, in the order of the CSV text. */
  readonly columns: string;
  /** CSV without a header. */
  readonly csv: string;
}

/**
 * Creates a table in a data folder whose server does not run.
 * @param file the file for the CSV text, which the server's user may read.
 */
export async function prepareTable(
  place: ServerPlace,
  { name, columns, csv }: PreparedTable,
  file: string,
): Promise<void> {
  await writeFile(file, csv);
  await runAlone(place, [
    `CREATE TABLE ${name} (${columns});`,
    `COPY ${name} FROM '${file.replaceAll("'", "''")}' (FORMAT csv);`,
    `ANALYZE ${name};`,
  ]);
}
