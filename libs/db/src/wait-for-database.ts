import { isRetryableError, type RetryNotice, untilItSucceedsOr } from '@flowline/stream';

import { connect, type ConnectOptions, type Database } from './database.ts';
import { requireMigrated } from './migrate.ts';

/** Options of {@link waitForDatabase}. */
export interface WaitOptions {
  /** Aborted: waiting ends. */
  readonly signal: AbortSignal;
  /** Told of every look that failed. */
  readonly onWait: (notice: RetryNotice) => void;
}

/**
 * A connection to a migrated database, waited for as long as it takes: a service may start before
 * its database does, or before `flowline migrate` has run.
 * @returns null where the signal came first.
 * @throws FlowlineError for what waiting does not mend, such as a wrong password.
 */
export async function waitForDatabase(
  url: string,
  options: ConnectOptions,
  { signal, onWait }: WaitOptions,
): Promise<Database | null> {
  const db = await untilItSucceedsOr(signal, () => connectMigrated(url, options), {
    isRetryable: (error) => isRetryableError(error) || isNotMigrated(error),
    maxDelayMs: 5_000,
    onRetry: onWait,
  });
  return db ?? null;
}

async function connectMigrated(url: string, options: ConnectOptions): Promise<Database> {
  const db = await connect(url, options);
  try {
    await requireMigrated(db);
    return db;
  } catch (error) {
    await db.close();
    throw error;
  }
}

function isNotMigrated(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'FLOWLINE_DATABASE_NOT_MIGRATED';
}
