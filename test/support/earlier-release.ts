import { readdir, readFile } from 'node:fs/promises';

import type { TestDatabase } from './postgres.ts';

const MIGRATIONS = new URL('../../migrations/', import.meta.url);

/**
 * Applies the migrations before one to an empty database, as an earlier release did. The partitions
 * of the days around now are created.
 * @param first beginning of the name of the first migration that is left out, such as `0040`.
 */
export async function migrateBefore({ query }: TestDatabase, first: string): Promise<void> {
  await query(`CREATE SCHEMA flowline;
    CREATE TABLE flowline.migrations (id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL)`);
  const files = (await readdir(MIGRATIONS)).filter((file) => /^\d{4}_.*\.sql$/.test(file) && file < first).sort();
  for (const file of files) {
    await query(await readFile(new URL(file, MIGRATIONS), 'utf8'));
    await query('INSERT INTO flowline.migrations (name, run_on) VALUES ($1, now())', [file.slice(0, -'.sql'.length)]);
  }
  await query(`SELECT flowline.ensure_partitions((now() AT TIME ZONE 'UTC')::date - 1, 9)`);
}
