import { readFile } from 'node:fs/promises';

import { connect, listDetectors, migrate, migrationStatus, requireMigrated, schemaDump } from '@flowline/db';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { freePort, startPostgres, type TestPostgres } from '../support/postgres.ts';

/** Major version that writes the dump. Other versions format some definitions differently. */
const DUMPED_BY = 17;

let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

describe('migrate', () => {
  it('makes what migrations/schema.sql says', async () => {
    const { db, query } = await postgres.createDatabase();
    const [server] = await query(`SELECT current_setting('server_version_num')::int / 10000 AS major`);
    if (server?.major !== DUMPED_BY) {
      console.warn(`Skipped: the dump is of Postgres ${DUMPED_BY}, this server is ${String(server?.major)}.`);
      return;
    }
    const written = await readFile(new URL('../../migrations/schema.sql', import.meta.url), 'utf8');
    // If they differ, regenerate it: npx tsx --conditions=flowline:source
    // test/support/postgres-schema.ts
    expect(await schemaDump(db)).toBe(written);
  });

  it('changes nothing the second time, and takes turns with others that run at once', async () => {
    const { db } = await postgres.createDatabase({ migrated: false });
    const applied = await Promise.all(Array.from({ length: 6 }, () => migrate(db)));
    const { applied: all, pending } = await migrationStatus(db);
    expect(applied.flat().sort()).toEqual([...all].sort());
    expect(pending).toEqual([]);
    expect(all.length).toBeGreaterThanOrEqual(5);
    expect(await migrate(db)).toEqual([]);
    await requireMigrated(db);
  });

  it('leaves the rest of a shared database alone', async () => {
    const { db, query } = await postgres.createDatabase({ migrated: false });
    await query('CREATE TABLE public.detectors (mine int)');
    await migrate(db);
    expect(await query('SELECT mine FROM detectors')).toEqual([]);
    const schemas = await query(`SELECT DISTINCT table_schema AS s FROM information_schema.tables
      WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`);
    expect(schemas).toEqual([{ s: 'flowline' }, { s: 'public' }]);
  });

  it('is asked for where it has not run', async () => {
    const { db } = await postgres.createDatabase({ migrated: false });
    const missing = { code: 'FLOWLINE_DATABASE_NOT_MIGRATED', remedy: 'Run `flowline migrate`.', retryable: false };
    await expect(requireMigrated(db)).rejects.toMatchObject(missing);
    await expect(listDetectors(db)).rejects.toMatchObject(missing);
  });
});

describe('connect', () => {
  it('says where nobody answers, without the password', async () => {
    const url = `postgres://someone:s3cret@127.0.0.1:${await freePort()}/flowline`;
    const error: unknown = await connect(url, { applicationName: 'test' }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'FLOWLINE_DATABASE_UNREACHABLE', retryable: true });
    const { message, where, remedy } = error as Error & { where: string; remedy: string };
    expect(message).toMatch(/127\.0\.0\.1:\d+\/flowline/);
    expect(message + where + remedy).not.toContain('s3cret');
  });

  it('tells a wrong database or password from a server that is away', async () => {
    const { url } = await postgres.createDatabase();
    const otherDatabase = new URL(url);
    otherDatabase.pathname = '/nowhere';
    const wrong = connect(otherDatabase.href, { applicationName: 'test' });
    await expect(wrong).rejects.toMatchObject({ code: 'FLOWLINE_DATABASE_UNREACHABLE', retryable: false });
    await expect(connect('not a url s3cret', { applicationName: 'test' })).rejects.toMatchObject({
      code: 'FLOWLINE_CONFIG_INVALID',
      message: expect.not.stringContaining('s3cret'),
    });
  });

  it('goes on after every connection was cut', async () => {
    const { db, query } = await postgres.createDatabase();
    await listDetectors(db);
    await query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await listDetectors(db)).toEqual([]);
  });
});
