// Writes migrations/schema.sql from a freshly migrated database.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { schemaDump } from '@flowline/db';

import { startPostgres } from './postgres.ts';

const postgres = await startPostgres();
try {
  const { db } = await postgres.createDatabase();
  const file = fileURLToPath(new URL('../../migrations/schema.sql', import.meta.url));
  await writeFile(file, await schemaDump(db));
  console.log(`Wrote ${file}`);
} finally {
  await postgres.stop();
}
