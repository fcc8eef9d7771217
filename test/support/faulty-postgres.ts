import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { startEmbeddedPostgres } from '@flowline/embedded-postgres';
import pg from 'pg';

import { serve, type TestPostgres } from './postgres.ts';
import { until } from './until.ts';

/**
 * A Postgres that can be killed and restarted. It keeps every acknowledged commit, as in
 * production.
 */
export interface FaultyPostgres extends TestPostgres {
  readonly port: number;
  /** Runs a statement as superuser in the database `postgres`. */
  admin(statement: string): Promise<void>;
  /** SIGKILLs the server and all its processes. */
  kill(): Promise<void>;
  /** Restarts the server on its data and port, and waits until it answers. */
  start(): Promise<void>;
}

/** Starts a Postgres on this machine's loopback that can be killed and restarted. Needs /proc. */
export async function startFaultyPostgres(): Promise<FaultyPostgres> {
  const folder = await mkdtemp(path.join(tmpdir(), 'flowline-faults-'));
  await chmod(folder, 0o755);
  const server = await startEmbeddedPostgres(folder, [], { synchronous_commit: 'on', max_connections: '200' });
  const postgres = await serve(server.url, async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });
  return {
    ...postgres,
    port: Number(new URL(server.url).port),
    start: () => server.start(),
    admin: async (statement) => {
      const client = new pg.Client(server.url);
      await client.connect();
      try {
        await client.query(statement);
      } finally {
        await client.end();
      }
    },
    kill: async () => {
      const [first = ''] = (await readFile(path.join(server.folder, 'data', 'postmaster.pid'), 'utf8')).split('\n');
      const postmaster = Number(first);
      const children = await childrenOf(postmaster);
      // The postmaster first, or it would replace its children.
      for (const pid of [postmaster, ...children]) killIfAlive(pid);
      const areGone = async () => (await aliveOf([postmaster, ...children])).length === 0;
      await until('the end of every Postgres process', areGone, { everyMs: 10 });
    },
  };
}

async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => Number.isInteger(pid));
  const parents = await Promise.all(pids.map(async (pid) => (await statusOf(pid)).parent));
  return pids.filter((_, i) => parents[i] === parent);
}

async function aliveOf(pids: readonly number[]): Promise<number[]> {
  const states = await Promise.all(pids.map(async (pid) => (await statusOf(pid)).state));
  // A zombie waits for its parent and holds nothing.
  return pids.filter((_, i) => states[i] !== null && states[i] !== 'Z');
}

/** Parent and state of a process; both null if it is gone. */
async function statusOf(pid: number): Promise<{ readonly parent: number | null; readonly state: string | null }> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  const [state = null, parent] = text === null ? [] : text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state, parent: parent === undefined ? null : Number(parent) };
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
