import { readdir, readFile } from 'node:fs/promises';

import {
  applyDetector,
  applyRetention,
  commitBatch,
  countEventHistory,
  deleteDetector,
  eventHistory,
  migrate,
} from '@flowline/db';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { scoredBatch } from '../support/postgres-batch.ts';
import { readHistory } from '../support/read-history.ts';

const MIGRATIONS = new URL('../../migrations/', import.meta.url);
const RETENTION = { detector: 'checkout', scoredDays: 3, anomaliesDays: 10, deadLettersDays: 5 };

let postgres: TestPostgres;
let database: TestDatabase;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  database = await postgres.createDatabase({ migrated: false });
  await migrateBefore('0040');
});

/** Applies the migrations before one, as an earlier release did. */
async function migrateBefore(first: string): Promise<void> {
  const { query } = database;
  await query(`CREATE SCHEMA flowline;
    CREATE TABLE flowline.migrations (id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL)`);
  const files = (await readdir(MIGRATIONS)).filter((file) => /^\d{4}_.*\.sql$/.test(file) && file < first).sort();
  for (const file of files) {
    await query(await readFile(new URL(file, MIGRATIONS), 'utf8'));
    await query('INSERT INTO flowline.migrations (name, run_on) VALUES ($1, now())', [file.slice(0, -'.sql'.length)]);
  }
  await query(`SELECT flowline.ensure_partitions((now() AT TIME ZONE 'UTC')::date - 1, 9)`);
}

/** Stores events as an earlier release did: with a score and without, with values of every kind. */
const storeWide = (scoredAt: string, first = 1) =>
  database.query(
    `INSERT INTO flowline.scored_events (detector, detector_version, model_version, topic, partition, "offset", event_id,
       event_time, scored_at, log_density_nats, p_value, p_method, is_anomaly, numeric_values, level_values, entity, in_sample)
     VALUES
       ('checkout', 1, 2, 'orders', 0, $2, 'a', '2026-01-01T00:00:00.000001Z', $1, -20.123456789012345, 0.1, 'tail', true,
        '{0.1,NULL,1767225600000.5}', '{x,NULL}', 'shop', false),
       ('checkout', 1, NULL, 'orders', 1, $2 + 1, 'b', '2026-01-02', $1, NULL, NULL, NULL, false, '{1,2,3}', '{}', NULL, true),
       ('returns', 3, 4, 'orders', 0, $2 + 2, 'c', '2026-01-03', $1, '-Infinity', 1e-300, 'floor', false, '{}', '{}', NULL, true)`,
    [scoredAt, first],
  );
const events = () => database.query('SELECT *, event_time::text AS time FROM flowline.scored_events ORDER BY "offset"');
const tables = async () =>
  (await database.query(`SELECT relname FROM pg_class WHERE relnamespace = 'flowline'::regnamespace AND relkind = 'p'`))
    .map(({ relname }) => relname)
    .sort();

describe('an upgrade to event_scores', () => {
  it('leaves stored events where they are, and readers see what they saw', async () => {
    await storeWide(new Date().toISOString());
    const before = await events();
    expect(before).toHaveLength(3);
    await migrate(database.db);
    expect(await events()).toEqual(before);
    expect(await tables()).toEqual(['event_scores', 'scored_events_wide']);
    await commitBatch(database.db, scoredBatch({ first: 10, size: 2 }), { alertTopic: null });
    expect((await events()).map(({ offset }) => Number(offset))).toEqual([1, 2, 3, 10, 11]);
  });

  it('lets programs of the earlier release store events, exactly, until they are restarted', async () => {
    await storeWide(new Date().toISOString());
    const stored = await events();
    await migrate(database.db);
    await storeWide(new Date().toISOString(), 11);
    const later = (await events()).slice(3);
    const own = ({ scored_at: _, offset, ...others }: Readonly<Record<string, unknown>>) => ({
      ...others,
      offset: Number(offset) % 10,
    });
    expect(later.map(own)).toEqual(stored.map(own));
    expect(await database.query('SELECT count(*)::int AS n FROM flowline.event_scores')).toEqual([{ n: 3 }]);
  });

  it('keeps both layouts in the history of a detector', async () => {
    await storeWide(new Date().toISOString());
    await migrate(database.db);
    const definition = { name: 'checkout', features: [], lookups: {} };
    await applyDetector(database.db, definition);
    await commitBatch(database.db, scoredBatch({ first: 10, size: 2 }), { alertTopic: null });
    const rows: unknown[] = [];
    for await (const chunk of readHistory(database.db, await eventHistory(database.db, 'checkout')))
      rows.push(...chunk);
    expect(rows).toMatchObject([
      { numeric_values: [0.5, expect.anything()], level_values: ['level 0'] },
      { numeric_values: [1.5, -1], level_values: ['level 1'] },
      { numeric_values: [1, 2, 3], level_values: [] },
    ]);
    expect(await countEventHistory(database.db, 'checkout', 100)).toBe(3);
  });

  it('drops days of both layouts, and the old table after its last day', async () => {
    await database.query(`SELECT flowline.create_partition('2020-01-01'), flowline.create_partition('2020-01-03')`);
    await storeWide('2020-01-01T12:00:00Z');
    await storeWide('2020-01-02T12:00:00Z', 11); // a day without a partition
    await migrate(database.db);
    await database.query(`SELECT flowline.create_partition('2020-01-02')`);
    await applyDetector(database.db, { name: 'checkout' });
    await commitBatch(database.db, scoredBatch({ first: 20, size: 1 }), { alertTopic: null });
    expect(await applyRetention(database.db, [RETENTION])).toMatchObject({ partitions: 3, blocked: false });
    expect(await tables()).toEqual(['event_scores']);
    expect((await events()).map(({ offset }) => Number(offset))).toEqual([20]);
    expect(await applyRetention(database.db, [RETENTION])).toMatchObject({ partitions: 0, blocked: false });
  });

  it('leaves nothing of the old layout where it held nothing', async () => {
    await migrate(database.db);
    expect(await tables()).toEqual(['event_scores']);
  });

  it('drops the events of a detector from both layouts', async () => {
    await storeWide(new Date().toISOString());
    await migrate(database.db);
    await applyDetector(database.db, { name: 'checkout' });
    await commitBatch(database.db, scoredBatch({ first: 10, size: 2 }), { alertTopic: null });
    expect(await deleteDetector(database.db, 'checkout', { dropData: true })).toMatchObject({ scored_events: 4 });
    expect((await events()).map(({ detector }) => detector)).toEqual(['returns']);
    expect(await database.query('SELECT 1 FROM flowline.score_sources')).toEqual([]);
  });
});
