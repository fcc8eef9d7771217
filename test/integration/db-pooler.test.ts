import {
  applyDetector,
  commitBatch,
  connect,
  type Database,
  migrate,
  migrationStatus,
  readOffset,
  withTrainingLease,
} from '@flowline/db';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { findPgBouncer, type PgBouncer, startPgBouncer } from '../support/pgbouncer.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { scoredBatch } from '../support/postgres-batch.ts';
import { readHistory } from '../support/read-history.ts';

const program = findPgBouncer();
const TIME = new Date('2026-01-02T03:04:05Z');

/** Session settings of other clients, which the pooler does not keep apart. */
const OTHERS = ['extra_float_digits = -10', 'bytea_output = escape', 'xmlbinary = hex'];

(program === undefined ? describe.skip : describe)('behind a pooler that shares connections per transaction', () => {
  let postgres: TestPostgres;
  let database: TestDatabase;
  let pooler: PgBouncer;
  let dbs: Database[];

  beforeAll(async () => {
    postgres = await startPostgres();
    database = await postgres.createDatabase({ migrated: false });
    pooler = await startPgBouncer(program ?? '', database.url);
    dbs = await Promise.all(Array.from({ length: 4 }, () => connect(pooler.url, { applicationName: 'test' })));
  });
  afterAll(async () => {
    await Promise.all(dbs.map((db) => db.close()));
    await pooler.stop();
    await postgres.stop();
  });
  const handle = (place = 0): Database => {
    const db = dbs[place];
    if (db === undefined) throw new Error('no such handle');
    return db;
  };

  it('migrations take turns', async () => {
    const applied = await Promise.all(dbs.map((db) => migrate(db)));
    const { applied: all, pending } = await migrationStatus(handle());
    expect(applied.flat().sort()).toEqual([...all].sort());
    expect(pending).toEqual([]);
  });

  it('commits of several processes are all stored, once', async () => {
    await applyDetector(handle(), { name: 'checkout', ...{ features: [{ name: 'a' }], lookups: {} } });
    const commit = (partition: number, first: number) =>
      commitBatch(handle(partition), scoredBatch({ partition, fromOffset: first, first, size: 50 }), {
        alertTopic: 'alerts',
      });
    await Promise.all(
      dbs.map(async (_db, partition) => {
        await commit(partition, 0);
        await Promise.all([commit(partition, 50), commit(partition, 50).catch(() => undefined)]);
      }),
    );
    expect(
      await database.query(`SELECT partition, count(*)::int AS n FROM flowline.scored_events GROUP BY 1 ORDER BY 1`),
    ).toEqual(dbs.map((_db, partition) => ({ partition, n: 100 })));
    expect(await readOffset(handle(), 'checkout', 'orders', 0)).toBe(100);
  });

  it('values are what they are, whatever others set; and others keep what they set', async () => {
    const others = await Promise.all(
      [0, 1].map(async () => {
        const client = new pg.Client({ connectionString: pooler.url });
        await client.connect();
        return client;
      }),
    );
    try {
      // Both at once, so that every connection of the pool gets the settings.
      await Promise.all(others.map((client) => client.query(`BEGIN; SELECT pg_sleep(0.2)`)));
      await Promise.all(others.map((client) => client.query(OTHERS.map((setting) => `SET ${setting}`).join(';'))));
      await Promise.all(others.map((client) => client.query('COMMIT')));
      const query = `SELECT timestamptz '2026-01-02 03:04:05+00' AS tz, 0.1::float8 + 0.2 AS sum, interval '1 day 2 hours' AS gap`;
      const rows = [];
      for await (const chunk of readHistory(handle(), { query, timeColumn: 'tz' })) rows.push(...chunk);
      expect(rows).toMatchObject([{ tz: '2026-01-02T03:04:05+00:00', sum: 0.1 + 0.2, gap: '1 day 02:00:00' }]);
      expect(new Date(String(rows[0]?.tz))).toEqual(TIME);
      const left = await others[0]?.query('SHOW extra_float_digits');
      expect(left?.rows).toEqual([{ extra_float_digits: '-10' }]);
    } finally {
      await Promise.all(others.map((client) => client.end()));
    }
  });

  it('one training of a detector runs at a time', async () => {
    let running = 0;
    const train = (db: Database) =>
      withTrainingLease(db, 'checkout', async () => {
        running++;
        await new Promise((resolve) => setTimeout(resolve, 500));
        return running;
      });
    const results = await Promise.allSettled(dbs.map(train));
    expect(results.filter(({ status }) => status === 'fulfilled')).toEqual([{ status: 'fulfilled', value: 1 }]);
    expect(results.filter((result) => result.status === 'rejected').map(({ reason }) => reason as unknown)).toEqual(
      Array.from({ length: 3 }, () => expect.objectContaining({ code: 'FLOWLINE_TRAINING_BUSY' })),
    );
    expect(await train(handle(1))).toBe(2);
  });
});
