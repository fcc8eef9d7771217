import { readdir, readFile } from 'node:fs/promises';

import type { TestDatabase } from '../../../test/support/postgres.ts';

/** Ticks per second of the CPU times in /proc. */
const TICKS_PER_SECOND = 100;

/** Resources that Postgres has used so far. */
export interface PostgresUse {
  /** CPU time of all its processes, in microseconds; null where there is no /proc. */
  readonly cpuMicros: number | null;
  /** Bytes of write-ahead log. */
  readonly walBytes: number;
  /** Bytes of Flowline's tables with their indexes and out-of-line storage. */
  readonly tableBytes: number;
}

/** Reads what Postgres, on this machine, has used so far. The user must be a superuser. */
export async function postgresUse(database: TestDatabase): Promise<PostgresUse> {
  const [row] = await database.query(
    `SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int AS pid,
            pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 AS wal,
            (SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::float8
               FROM pg_class WHERE relnamespace = 'flowline'::regnamespace AND relkind = 'r') AS tables`,
  );
  if (row === undefined) throw new Error('Postgres returned no row');
  return { cpuMicros: await cpuMicrosOf(Number(row.pid)), walBytes: Number(row.wal), tableBytes: Number(row.tables) };
}

/** CPU time of a process and its children, those that have ended included. */
async function cpuMicrosOf(pid: number): Promise<number | null> {
  const ids = await readdir('/proc').catch(() => null);
  if (ids === null) return null;
  const stats = await Promise.all(ids.filter((id) => /^\d+$/.test(id)).map(statOf));
  const own = stats.filter((stat) => stat !== null && (stat.pid === pid || stat.parent === pid));
  return own.reduce((sum, stat) => sum + (stat?.ticks ?? 0), 0) * (1e6 / TICKS_PER_SECOND);
}

/** CPU ticks of a process with its ended children; null if it has ended itself. */
async function statOf(id: string): Promise<{ pid: number; parent: number; ticks: number } | null> {
  const text = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => null);
  // Fields from the third on: the second is a name in brackets that may hold spaces.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  if (fields === undefined) return null;
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { pid: Number(id), parent: Number(fields[1]), ticks };
}
