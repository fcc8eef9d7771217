import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { startEmbeddedPostgres } from '@flowline/embedded-postgres';
import { connect, type Database, migrate } from '@flowline/db';
import pg from 'pg';

import { addressOf, backendOf } from './backend.ts';
import { startContainerPostgres } from './postgres-container.ts';

/** A row returned by a test's own statement. */
export type Row = Readonly<Record<string, unknown>>;

/** A separate database for one test, without data. It is dropped with the server. */
export interface TestDatabase {
  readonly url: string;
  /** The product's handle. */
  readonly db: Database;
  /**
   * Runs a statement on the test's own connection, so that checks are independent of the product.
   */
  readonly query: (text: string, values?: readonly unknown[]) => Promise<Row[]>;
  /** Opens a connection of the test's own, closed with the database. */
  client(): Promise<pg.Client>;
  close(): Promise<void>;
}

/** A Postgres for a test file. started → stop(). */
export interface TestPostgres {
  /**
   * Creates a database: a clone of one that was migrated once, or, with `migrated: false`, an empty
   * one. UTF-8 unless `encoding` is set.
   */
  createDatabase(options?: { readonly migrated?: boolean; readonly encoding?: string }): Promise<TestDatabase>;
  /**
   * Closes every database, then stops the server (of an external server, drops the databases made
   * here).
   */
  stop(): Promise<void>;
}

/**
 * Starts a Postgres for one test on loopback, as a process with its own data folder or as a
 * container. If FLOWLINE_TEST_DATABASE_URL is set, that server is used instead; its user must be
 * allowed to create databases.
 */
export async function startPostgres(): Promise<TestPostgres> {
  const backend = backendOf('Postgres');
  if (backend === 'external') return serve(addressOf('Postgres'), () => Promise.resolve());
  const server = backend === 'native' ? await startNativePostgres() : await startContainerPostgres();
  try {
    return await serve(server.url, () => server.stop());
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function startNativePostgres(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'flowline-test-'));
  // Postgres refuses to run as root. It then runs as another user, who must be able to reach its
  // data.
  await chmod(folder, 0o755);
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const server = await startEmbeddedPostgres(folder);
    return {
      url: server.url,
      stop: async () => {
        await server.stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Wraps a running server for tests, whatever its origin. It survives restarts of the server. */
export async function serve(adminUrl: string, stopServer: () => Promise<void>): Promise<TestPostgres> {
  const admin = ownConnection(adminUrl);
  await admin.query('SELECT 1');
  const run = randomBytes(4).toString('hex');
  const names: string[] = [];
  const open: TestDatabase[] = [];
  const create = async (template: string, encoding?: string): Promise<string> => {
    const name = `flowline_test_${run}_${names.length}`;
    names.push(name);
    const encoded = encoding === undefined ? '' : ` ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C'`;
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}${encoded}`);
    return name;
  };
  let template: Promise<string> | undefined;
  const migrated = async (): Promise<string> => {
    const name = await create('template0');
    const db = await connect(urlOf(adminUrl, name), { applicationName: 'flowline test template' });
    await migrate(db);
    await db.close();
    // A template must have no connections, and the server notices a closed one only after a moment.
    await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
    return name;
  };
  return {
    createDatabase: async ({ migrated: isMigrated = true, encoding } = {}) => {
      const isClone = isMigrated && encoding === undefined;
      const source = isClone ? await (template ??= migrated()) : 'template0';
      const database = await openDatabase(urlOf(adminUrl, await create(source, encoding)));
      open.push(database);
      if (isMigrated && !isClone) await migrate(database.db);
      return database;
    },
    stop: async () => {
      await Promise.all(open.map((database) => database.close()));
      for (const name of names) await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await admin.end();
      await stopServer();
    },
  };
}

async function openDatabase(url: string): Promise<TestDatabase> {
  const db = await connect(url, { applicationName: 'flowline test' });
  const clients: pg.Client[] = [];
  const client = async (): Promise<pg.Client> => {
    const opened = new pg.Client({ connectionString: url, application_name: 'test' });
    opened.on('error', () => undefined);
    await opened.connect();
    clients.push(opened);
    return opened;
  };
  const own = ownConnection(url);
  let closed: Promise<unknown> | undefined;
  return {
    url,
    db,
    client,
    query: async (text, values = []) => (await own.query<Row>(text, [...values])).rows,
    close: async () => {
      closed ??= Promise.all([db.close(), own.end(), ...clients.map((opened) => opened.end())]);
      await closed;
    },
  };
}

/** A pool of one connection, which reconnects after a failure. */
function ownConnection(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, application_name: 'test', max: 1, idleTimeoutMillis: 0 });
  pool.on('error', () => undefined);
  return pool;
}

function urlOf(adminUrl: string, database: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  return url.href;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
