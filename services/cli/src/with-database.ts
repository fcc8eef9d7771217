import { loadSettings, requireDatabaseUrl } from '@flowline/config';
import { connect, type Database, requireMigrated } from '@flowline/db';

/**
 * Runs work on the database of the environment, after checking that its schema is up to date, and
 * closes the connection afterwards.
 */
export async function withDatabase<Result>(
  work: (db: Database) => Promise<Result>,
  options: { readonly migrated: boolean } = { migrated: true },
): Promise<Result> {
  const settings = loadSettings();
  const db = await connect(requireDatabaseUrl(settings), { applicationName: 'flowline cli', poolSize: 2 });
  try {
    if (options.migrated) await requireMigrated(db);
    return await work(db);
  } finally {
    await db.close();
  }
}
