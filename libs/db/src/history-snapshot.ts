import type pg from 'pg';

import { type Database, openClient } from './database.ts';
import { SET_FORMATS } from './formats.ts';

/** Interval at which the server looks whether the reader of a running query is still there. */
const CHECK_INTERVAL = '500ms';

/**
 * Opens a connection with a read-only snapshot. Scans start at the beginning of a table and run
 * without parallel workers, for a stable order.
 */
export async function openSnapshot(db: Database): Promise<pg.Client> {
  const client = await openClient(db);
  await client.query(
    `BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; ${SET_FORMATS};
     SET LOCAL synchronize_seqscans = off;
     SET LOCAL max_parallel_workers_per_gather = 0;
     SET LOCAL idle_in_transaction_session_timeout = 0`,
  );
  await endWithReader(client);
  return client;
}

/**
 * Makes the server end a query whose reader has gone (Postgres 14 on Linux and macOS; elsewhere it
 * notices when it sends the next rows).
 */
async function endWithReader(client: pg.Client): Promise<void> {
  await client.query('SAVEPOINT reader');
  try {
    await client.query(`SET LOCAL client_connection_check_interval = '${CHECK_INTERVAL}'`);
  } catch {
    await client.query('ROLLBACK TO SAVEPOINT reader');
  }
}
