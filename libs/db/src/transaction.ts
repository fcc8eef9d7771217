import type pg from 'pg';

import { type Database, keepUncut, withClient } from './database.ts';
import { SET_FORMATS } from './formats.ts';

/** Options of a transaction. */
export interface TransactionOptions {
  /** Timeout after which the connection is cut, and the transaction with it (default 30,000 ms). */
  readonly timeoutMs?: number;
  /**
   * Idle time after which the server ends the transaction (default 10,000 ms), so that a stopped
   * process does not hold locks for longer.
   */
  readonly idleTimeoutMs?: number;
  /** True for a read-only transaction, which sees one snapshot throughout. */
  readonly readOnly?: boolean;
}

/**
 * Runs `work` in a transaction: committed if it resolves, rolled back if it rejects. The isolation
 * level is read committed, whatever the server's default: after a wait for a lock, the writes of
 * its holder must be visible.
 * @throws FlowlineError, retryable if the same transaction may succeed later. After a lost
 * connection the outcome of a commit is unknown, so a caller that repeats it must be idempotent.
 */
export async function withTransaction<T>(
  db: Database,
  work: (client: pg.PoolClient) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const timeoutMs = options.timeoutMs ?? 30_000;
  const idleTimeoutMs = options.idleTimeoutMs ?? 10_000;
  const mode = options.readOnly === true ? 'REPEATABLE READ, READ ONLY' : 'READ COMMITTED';
  const run = async (client: pg.PoolClient): Promise<T> => {
    await client.query(
      `BEGIN ISOLATION LEVEL ${mode}; ${SET_FORMATS};
       SET LOCAL statement_timeout = ${Math.trunc(timeoutMs)};
       SET LOCAL idle_in_transaction_session_timeout = ${Math.trunc(idleTimeoutMs)}`,
    );
    const result = await work(client);
    keepUncut(client);
    await client.query('COMMIT');
    return result;
  };
  return withClient(db, run, { timeoutMs });
}
