import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { FlowlineError } from '@flowline/events';

import { closeClient, type Database, openClient } from './database.ts';
import { toFlowlineError } from './database-error.ts';
import { SET_FORMATS } from './formats.ts';
import { ensurePartitions } from './partitions.ts';
import { grantRoles, grantSurface, lockMigrations, selectMigrations } from './sql/migrations.ts';
import { withTransaction } from './transaction.ts';

/**
 * Schema with all of Flowline's objects. Every statement names it, so the database may be shared.
 */
export const SCHEMA = 'flowline';

const folder = path.dirname(fileURLToPath(import.meta.resolve('@flowline/migrations/package.json')));

const RUNNER = {
  dir: folder,
  ignorePattern: '(?!\\d{4}_.*\\.sql).*',
  migrationsSchema: SCHEMA,
  createMigrationsSchema: true,
  migrationsTable: 'migrations',
  direction: 'up',
  singleTransaction: true,
  noLock: true,
  logger: { info: quiet, warn: quiet, error: quiet },
} as const;

/** Names of applied and pending migrations of a database. */
export interface MigrationStatus {
  readonly applied: readonly string[];
  readonly pending: readonly string[];
}

/**
 * Migrates the schema to the latest version, in one transaction. Concurrent callers wait for each
 * other, by a lock that ends with the transaction and therefore also works behind a pooler. The
 * group roles (flowline_scorer, …) are created if this user may, and granted their privileges
 * wherever they exist.
 * @returns the names of the migrations that were applied.
 * @throws FlowlineError FLOWLINE_DATABASE_FAILED, with nothing changed.
 */
export async function migrate(db: Database): Promise<string[]> {
  // Loaded on demand, because a scorer never migrates.
  const { runner } = await import('node-pg-migrate');
  const client = await openClient(db);
  let applied: readonly { readonly name: string }[];
  try {
    // The runner's own lock belongs to a session, as does the search path that it would set for
    // `schema`. Its COMMIT ends this transaction.
    await client.query(`BEGIN ISOLATION LEVEL READ COMMITTED; ${SET_FORMATS}`);
    await lockMigrations(client);
    applied = await runner({ ...RUNNER, dbClient: client });
    await client.query('COMMIT');
  } catch (error) {
    throw toFlowlineError(error, db.address);
  } finally {
    await closeClient(client);
  }
  await withTransaction(db, async (client) => {
    await lockMigrations(client); // Postgres refuses concurrent grants on one object.
    await grantRoles(client);
    await grantSurface(client);
  });
  await ensurePartitions(db);
  return applied.map((migration) => migration.name);
}

/** Reads which migrations the database has, and which are pending. */
export async function migrationStatus(db: Database): Promise<MigrationStatus> {
  const known = (await readdir(folder))
    .filter((file) => /^\d{4}_.*\.sql$/.test(file))
    .map((file) => file.slice(0, -'.sql'.length))
    .sort();
  const applied = await withTransaction(db, async (client) =>
    (await selectMigrations(client)).map(({ name }) => name),
  ).catch((error: unknown) => {
    if (error instanceof FlowlineError && error.code === 'FLOWLINE_DATABASE_NOT_MIGRATED') return [] as string[];
    throw error;
  });
  return { applied, pending: known.filter((name) => !applied.includes(name)) };
}

/** Checks that the schema is up to date. @throws FlowlineError FLOWLINE_DATABASE_NOT_MIGRATED. */
export async function requireMigrated(db: Database): Promise<void> {
  const { applied, pending } = await migrationStatus(db);
  if (pending.length === 0) return;
  const what = applied.length === 0 ? 'has no Flowline schema yet' : `lacks the migrations ${pending.join(', ')}`;
  throw new FlowlineError('FLOWLINE_DATABASE_NOT_MIGRATED', `The database ${db.address} ${what}.`, {
    where: db.address,
    remedy: 'Run `flowline migrate`.',
  });
}

function quiet(): void {
  // The error that ends a migration is thrown; other messages are of no use to the caller.
}
