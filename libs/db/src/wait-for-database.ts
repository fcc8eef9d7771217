import { isRetryableError, type RetryNotice, untilItSucceedsOr } from '@flowline/stream';

import { connect, type ConnectOptions, type Database } from './database.ts';
import { requireMigrated } from './migrate.ts';

/** Options of {@link waitForDatabase}. */
export interface WaitOptions {
  /** Signal that ends the wait. */
  readonly signal: AbortSignal;
  /** Called for every failed attempt. */
  readonly onWait: (notice: RetryNotice) => void;
}

/**
 * Connects to a migrated database, waiting without a limit: a service may start before its
 * database, or before `flowline migrate` has run.
 * @returns null if the signal came first.
 * @throws FlowlineError for failures that waiting does not resolve, such as a wrong password.
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
