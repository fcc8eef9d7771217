import { statement } from '../statement.ts';

/** Takes the lock for schema changes until the transaction ends. */
export const lockMigrations = statement<[], never>(`
  SELECT pg_advisory_xact_lock(hashtextextended('flowline.migrate', 0))
`);
