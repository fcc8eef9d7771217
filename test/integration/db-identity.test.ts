import {
  applyDetector,
  connect,
  consumerGroupOf,
  databaseIdentity,
  requireIdentity,
  settleDatabase,
} from '@flowline/db';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';

let postgres: TestPostgres;
let database: TestDatabase;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  database = await postgres.createDatabase();
});

/** Copies the database, as CREATE DATABASE … TEMPLATE or a restored dump does. */
async function copy(): Promise<Awaited<ReturnType<typeof connect>>> {
  const name = `copy_${process.pid}_${Date.now()}`;
  const url = new URL(database.url);
  const original = url.pathname.slice(1);
  await database.db.close();
  const other = await postgres.createDatabase();
  await other.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${original}' AND pid <> pg_backend_pid()`,
  );
  await other.query(`CREATE DATABASE ${name} TEMPLATE ${original}`);
  url.pathname = `/${name}`;
  return connect(url.href, { applicationName: 'copy' });
}

describe('the identity of a database', () => {
  it('is given when it is first asked for, once, whoever asks', async () => {
    const asked = await Promise.all([1, 2, 3, 4].map(() => databaseIdentity(database.db)));
    expect(new Set(asked.map(({ id }) => id)).size).toBe(1);
    expect(asked[0]).toEqual({ id: expect.stringMatching(/^[0-9a-f]{12}$/), isHere: true });
    const other = await postgres.createDatabase();
    expect(await requireIdentity(other.db)).not.toBe(asked[0]?.id);
  });

  it('is part of the groups of its detectors, but of those that had one before', async () => {
    await applyDetector(database.db, { name: 'new' });
    await applyDetector(database.db, { name: 'old' });
    await database.query(`UPDATE flowline.detectors SET consumer_group = 'flowline.old' WHERE name = 'old'`);
    const id = await requireIdentity(database.db);
    expect(await consumerGroupOf(database.db, 'new')).toBe(`flowline.new.${id}`);
    expect(await consumerGroupOf(database.db, 'old')).toBe('flowline.old');
    await expect(consumerGroupOf(database.db, 'none')).rejects.toMatchObject({ code: 'FLOWLINE_DETECTOR_MISSING' });
  });

  it('is not a copy\u2019s, which is refused until it has one of its own', async () => {
    await applyDetector(database.db, { name: 'a' });
    await database.query(`UPDATE flowline.detectors SET consumer_group = 'flowline.a'`);
    const id = await requireIdentity(database.db);
    const copied = await copy();
    try {
      expect(await databaseIdentity(copied)).toEqual({ id, isHere: false });
      await expect(requireIdentity(copied)).rejects.toMatchObject({ code: 'FLOWLINE_DATABASE_COPIED' });
      const own = await settleDatabase(copied, 'copy');
      expect(own).not.toBe(id);
      expect(await requireIdentity(copied)).toBe(own);
      expect(await consumerGroupOf(copied, 'a')).toBe(`flowline.a.${own}`);
    } finally {
      await copied.close();
    }
  });

  it('goes with a database that has moved', async () => {
    await applyDetector(database.db, { name: 'a' });
    const id = await requireIdentity(database.db);
    const moved = await copy();
    try {
      expect(await settleDatabase(moved, 'moved')).toBe(id);
      expect(await requireIdentity(moved)).toBe(id);
      expect(await consumerGroupOf(moved, 'a')).toBe(`flowline.a.${id}`);
    } finally {
      await moved.close();
    }
  });

  it('is where it was told so on another server, too, only if that is the same server', async () => {
    await requireIdentity(database.db);
    await database.query('UPDATE flowline.database_identity SET system_identifier = system_identifier + 1');
    await expect(requireIdentity(database.db)).rejects.toMatchObject({ code: 'FLOWLINE_DATABASE_COPIED' });
  });
});
