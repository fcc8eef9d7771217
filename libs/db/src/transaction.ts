import type pg from 'pg';

import { type Database, withClient } from './database.ts';
import { SET_FORMATS } from './formats.ts';

/** How a transaction runs. */
export interface TransactionOptions {
  /** Longer than this, the connection is cut and the transaction with it (default 30,000). */
  readonly timeoutMs?: number;
  /** The server ends the transaction after so long without a statement (default 10,000): a stopped process holds no lock longer. */
  readonly idleTimeoutMs?: number;
  /** A transaction that only reads sees one snapshot throughout. */
  readonly readOnly?: boolean;
}

/**
 * Runs `work` in a transaction: committed when it resolves, rolled back when it rejects. Read committed, whatever the server's
 * default is: a lock that was waited for must show what its holder wrote.
 * @throws FlowlineError, retryable where the same transaction may succeed later. After a lost connection the outcome of a
 *   commit is unknown: a caller that repeats it must be idempotent.
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
    await client.query('COMMIT');
    return result;
  };
  return withClient(db, run, { timeoutMs });
}
