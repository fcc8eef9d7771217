// Writes migrations/schema.sql and the views of docs/reference/sql.md from a freshly migrated
// database.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { schemaDump } from '@flowline/db';

import { startPostgres } from './postgres.ts';
import { SECTION, sqlReference } from './sql-reference.ts';

const pathOf = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url));

const postgres = await startPostgres();
try {
  const { db, query } = await postgres.createDatabase();
  const schema = pathOf('migrations/schema.sql');
  await writeFile(schema, await schemaDump(db));
  const page = pathOf('docs/reference/sql.md');
  const views = await sqlReference(query);
  const text = await readFile(page, 'utf8');
  await writeFile(
    page,
    text.replace(SECTION, (_, begin: string, __, end: string) => `${begin}\n${views}\n${end}`),
  );
  console.log(`Wrote ${schema} and ${page}`);
} finally {
  await postgres.stop();
}
