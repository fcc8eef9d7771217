import type { Socket } from 'node:net';

import { FlowlineError } from '@flowline/events';
import pg from 'pg';

import { databaseAddress } from './address.ts';
import { toFlowlineError } from './database-error.ts';
import { valueTypes } from './value-parsers.ts';

/** Options for connecting. */
export interface ConnectOptions {
  /** Name that the server shows for the connection: `flowline scorer`. */
  readonly applicationName: string;
  /** Maximum connections (default 8). */
  readonly poolSize?: number;
}

/** Connection on which the statements of this package run. */
export interface Queryable {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[]; rowCount: number | null }>;
}

const CONNECT_TIMEOUT_MS = 5_000;
const TIMEOUT_MS = 30_000;
/**
 * Delay until the first probe: a half-open connection is detected within about 20 seconds (10 of
 * silence, then 10 probes, one per second).
 */
const KEEP_ALIVE_DELAY_MS = 10_000;

interface Internals {
  readonly config: pg.ClientConfig;
  readonly poolSize: number;
  /**
   * Connection pool. Replaced if one of its connections goes unanswered, because the others use the
   * same network.
   */
  pool: pg.Pool;
}

const internals = new WeakMap<Database, Internals>();
/** Signals that cut the connections of a handle. */
const signals = new WeakMap<Database, AbortSignal>();
/** Functions that keep a connection from being cut. */
const keepers = new WeakMap<pg.ClientBase, () => void>();

function internalsOf(db: Database): Internals {
  const found = internals.get(db);
  if (found === undefined) throw new FlowlineError('FLOWLINE_DATABASE_FAILED', 'The database handle is closed.');
  return found;
}

/** Postgres database. open → close(); statements after close() reject. Reconnects by itself. */
export class Database {
  /** Address as `host:port/database`, without user and password. */
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

/**
 * Handle of the same database whose statements end at once when the signal aborts: their
 * connections are cut, except for one that is committing, whose outcome would be unknown. Callers
 * get the signal's reason. It is closed with the original.
 */
export function interruptible(db: Database, signal: AbortSignal): Database {
  const handle = Object.create(db) as Database;
  internals.set(handle, internalsOf(db));
  signals.set(handle, signal);
  return handle;
}

function createPool(config: pg.ClientConfig, max: number): pg.Pool {
  // Idle connections do not keep the process alive.
  const pool = new pg.Pool({ ...config, max, idleTimeoutMillis: 30_000, allowExitOnIdle: true });
  // A broken idle connection is replaced; a caller that needs one meanwhile gets the error from its
  // own statement.
  pool.on('error', () => undefined);
  return pool;
}

/** Replaces a pool whose connections go unanswered, so that later callers get new connections. */
function replacePool(db: Database, silent: pg.Pool): void {
  const found = internals.get(db);
  if (found?.pool !== silent) return;
  found.pool = createPool(found.config, found.poolSize);
  void silent.end();
}

/**
 * Connects to Postgres and checks that it responds.
 * @throws FlowlineError FLOWLINE_DATABASE_UNREACHABLE (its message never contains the password),
 * FLOWLINE_CONFIG_INVALID.
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

/** Options of a connection. */
export interface ClientOptions {
  /** Timeout after which the connection is dropped (default 30,000 ms). */
  readonly timeoutMs?: number;
}

/**
 * Runs `work` on a connection of the pool. Its session settings may be those of any other caller,
 * so statements belong in a transaction. A connection on which `work` failed or timed out is not
 * reused.
 * @throws FlowlineError, retryable if the same work may succeed later.
 */
export async function withClient<T>(
  db: Database,
  work: (client: pg.PoolClient) => Promise<T>,
  { timeoutMs = TIMEOUT_MS }: ClientOptions = {},
): Promise<T> {
  const { pool } = internalsOf(db);
  const signal = signals.get(db);
  signal?.throwIfAborted();
  let client: pg.PoolClient | undefined;
  const cut = (): void => {
    socketOf(client)?.destroy();
  };
  let failure: Error | undefined;
  const onError = (error: Error) => {
    failure = error;
  };
  try {
    client = await pool.connect();
    // Between statements nothing else listens, and an unhandled 'error' event would end the
    // process.
    client.on('error', onError);
    signal?.throwIfAborted();
    signal?.addEventListener('abort', cut, { once: true });
    keepers.set(client, () => signal?.removeEventListener('abort', cut));
    return await withDeadline(work(client), timeoutMs, db.address, () => {
      replacePool(db, pool);
      socketOf(client)?.destroy();
    });
  } catch (error) {
    failure ??= error instanceof Error ? error : new Error(String(error));
    signal?.throwIfAborted();
    throw toFlowlineError(error, db.address);
  } finally {
    signal?.removeEventListener('abort', cut);
    client?.off('error', onError);
    client?.release(failure);
  }
}

/** Keeps a connection of {@link withClient} from being cut by a signal. */
export function keepUncut(client: pg.ClientBase): void {
  keepers.get(client)?.();
}

/**
 * Socket of a connection, which the driver's types do not expose: `end` would wait for a response.
 */
function socketOf(client: pg.ClientBase | undefined): Socket | undefined {
  return (client as { readonly connection?: { readonly stream?: Socket } } | undefined)?.connection?.stream;
}

/**
 * Rejects at the timeout, since the driver would wait for minutes on a connection that goes
 * unanswered.
 */
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

/**
 * Opens a connection outside the pool. `onLost` is called if it is lost while no statement runs.
 */
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

/** Cuts a connection at once, whatever runs on it. */
export function cutClient(client: pg.Client): void {
  socketOf(client)?.destroy();
}

/** Closes a connection, broken or not. */
export async function closeClient(client: pg.Client): Promise<void> {
  // The connection may be closed already, which is the desired outcome.
  await client.end().catch(() => undefined);
}
