import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import pg from 'pg';

import { freePort } from './postgres.ts';
import { findProgram } from './programs.ts';
import { eventually } from './until.ts';

/** A connection pooler in front of one database. running → stop(). */
export interface PgBouncer {
  /** URL of the database through the pooler. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Path of the program `pgbouncer`. Undefined, with a printed warning, if it is not installed.
 * @throws Error if it is not installed and FLOWLINE_TEST_REQUIRE_PGBOUNCER is 1.
 */
export const findPgBouncer = (): string | undefined => findProgram('pgbouncer', 'PGBOUNCER');

/**
 * Starts PgBouncer on loopback in transaction mode, with a pool of two connections to the database.
 */
export async function startPgBouncer(program: string, databaseUrl: string): Promise<PgBouncer> {
  const target = new URL(databaseUrl);
  const name = target.pathname.slice(1);
  const folder = await mkdtemp(path.join(tmpdir(), 'flowline-pgbouncer-'));
  await chmod(folder, 0o755);
  const port = await freePort();
  const login = `user=${target.username} password=${decodeURIComponent(target.password)}`;
  const config = path.join(folder, 'pgbouncer.ini');
  await writeFile(
    config,
    `[databases]
${name} = host=${target.hostname} port=${target.port} dbname=${name} ${login}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
`,
  );
  // PgBouncer refuses to run as root; with -u it switches to another user.
  const server = spawn(program, process.getuid?.() === 0 ? ['-u', 'nobody', config] : [config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said: Buffer[] = [];
  server.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  const ended = once(server, 'exit');
  const stop = async (): Promise<void> => {
    server.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const url = new URL(databaseUrl);
  Object.assign(url, { hostname: '127.0.0.1', port: String(port) });
  try {
    await eventually(() => ask(url.href), { everyMs: 100, isHopeless: () => server.exitCode !== null });
  } catch (error) {
    await stop();
    throw new Error(`pgbouncer does not answer: ${Buffer.concat(said).toString()}`, { cause: error });
  }
  return { url: url.href, stop };
}

async function ask(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
  } finally {
    await client.end().catch(() => undefined);
  }
}
