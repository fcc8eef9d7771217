import type { Socket } from 'node:net';

import { FlowlineError } from '@flowline/events';
import pg from 'pg';

import { databaseAddress } from './address.ts';
import { toFlowlineError } from './database-error.ts';
import { valueTypes } from './value-parsers.ts';

/** How to connect. */
export interface ConnectOptions {
  /** Shown by the server: `flowline scorer`. */
  readonly applicationName: string;
  /** At most so many connections (default 8). */
  readonly poolSize?: number;
}

/** What the statements of this package run on. */
export interface Queryable {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[]; rowCount: number | null }>;
}

const CONNECT_TIMEOUT_MS = 5_000;
const TIMEOUT_MS = 30_000;
/** A half-open connection is found within about 20 seconds (10 of silence, then 10 probes, one a second). */
const KEEP_ALIVE_DELAY_MS = 10_000;

interface Internals {
  readonly config: pg.ClientConfig;
  readonly poolSize: number;
  /** Replaced when nobody answered on one of its connections: the others were made over the same network. */
  pool: pg.Pool;
}

const internals = new WeakMap<Database, Internals>();

function internalsOf(db: Database): Internals {
  const found = internals.get(db);
  if (found === undefined) throw new FlowlineError('FLOWLINE_DATABASE_FAILED', 'The database handle is closed.');
  return found;
}

/** A Postgres database. open → close(); statements after close() reject. Reconnects by itself. */
export class Database {
  /** `host:port/database`, without user and password. */
  readonly address: string;

  constructor(url: string, options: ConnectOptions) {
    this.address = databaseAddress(url);
    const config: pg.ClientConfig = {
      connectionString: url,
      application_name: options.applicationName,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
      types: valueTypes,
    };
    const poolSize = options.poolSize ?? 8;
    internals.set(this, { config, poolSize, pool: createPool(config, poolSize) });
  }

  /** Waits for running statements, then closes every connection. */
  async close(): Promise<void> {
    const found = internals.get(this);
    internals.delete(this);
    await found?.pool.end();
  }
}

function createPool(config: pg.ClientConfig, max: number): pg.Pool {
  // What is idle keeps no process from ending.
  const pool = new pg.Pool({ ...config, max, idleTimeoutMillis: 30_000, allowExitOnIdle: true });
  // An idle connection that breaks is replaced; whoever needs one meanwhile is told by its own statement.
  pool.on('error', () => undefined);
  return pool;
}

/** Nobody answers on connections of this pool: whoever comes next gets a new one. */
function replacePool(db: Database, silent: pg.Pool): void {
  const found = internals.get(db);
  if (found?.pool !== silent) return;
  found.pool = createPool(found.config, found.poolSize);
  void silent.end();
}

/**
 * Connects to Postgres and checks that it answers.
 * @throws FlowlineError FLOWLINE_DATABASE_UNREACHABLE (its message never holds the password), FLOWLINE_CONFIG_INVALID.
 */
export async function connect(url: string, options: ConnectOptions): Promise<Database> {
  const db = new Database(url, options);
  try {
    await withClient(db, (client) => client.query('SELECT 1'));
  } catch (error) {
    await db.close();
    throw error;
  }
  return db;
}

/** How long whoever runs statements waits for them. */
export interface ClientOptions {
  /** Longer than this, the connection is given up (default 30,000). */
  readonly timeoutMs?: number;
}

/**
 * Runs `work` on a connection of the pool, whose settings are anybody's: statements belong in a transaction. A connection on which it failed, or on which nobody answered in time, is not used again.
 * @throws FlowlineError, retryable where the same work may succeed later.
 */
export async function withClient<T>(
  db: Database,
  work: (client: pg.PoolClient) => Promise<T>,
  { timeoutMs = TIMEOUT_MS }: ClientOptions = {},
): Promise<T> {
  const { pool } = internalsOf(db);
  let client: pg.PoolClient | undefined;
  let failure: Error | undefined;
  const onError = (error: Error) => {
    failure = error;
  };
  try {
    client = await pool.connect();
    // Between statements nobody else listens, and an unheard 'error' would end the process.
    client.on('error', onError);
    return await withDeadline(work(client), timeoutMs, db.address, () => {
      replacePool(db, pool);
      socketOf(client)?.destroy();
    });
  } catch (error) {
    failure ??= error instanceof Error ? error : new Error(String(error));
    throw toFlowlineError(error, db.address);
  } finally {
    client?.off('error', onError);
    client?.release(failure);
  }
}

/** The socket below a connection, which its types do not show: `end` would wait for an answer. */
function socketOf(client: pg.ClientBase | undefined): Socket | undefined {
  return (client as { readonly connection?: { readonly stream?: Socket } } | undefined)?.connection?.stream;
}

/** A connection that nobody answers on would be waited for for minutes; it is given back as broken instead. */
async function withDeadline<T>(
  running: Promise<T>,
  timeoutMs: number,
  address: string,
  onExpired: () => void,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      onExpired();
      reject(
        new FlowlineError(
          'FLOWLINE_DATABASE_UNREACHABLE',
          `Postgres at ${address} did not answer within ${timeoutMs} ms`,
          {
            where: address,
            remedy: 'Check the network and the load of the server.',
            retryable: true,
          },
        ),
      );
    }, timeoutMs);
  });
  try {
    return await Promise.race([running, expired]);
  } finally {
    clearTimeout(timer);
    running.catch(() => undefined);
  }
}

/** A connection of its own, outside the pool; `onLost` hears of its loss while no statement runs. */
export async function openClient(db: Database, onLost: (error: unknown) => void = () => undefined): Promise<pg.Client> {
  const client = new pg.Client(internalsOf(db).config);
  client.on('error', (error) => {
    onLost(toFlowlineError(error, db.address));
  });
  try {
    await client.connect();
    return client;
  } catch (error) {
    await closeClient(client);
    throw toFlowlineError(error, db.address);
  }
}

/** Closes a connection, broken or not. */
export async function closeClient(client: pg.Client): Promise<void> {
  // It may be gone already, and gone is what is wanted.
  await client.end().catch(() => undefined);
}
