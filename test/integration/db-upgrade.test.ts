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

import { migrateBefore } from '../support/earlier-release.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { scoredBatch } from '../support/postgres-batch.ts';
import { readHistory } from '../support/read-history.ts';

const RETENTION = { detector: 'checkout', scoredDays: 3, anomaliesDays: 10, deadLettersDays: 5 };

let postgres: TestPostgres;
let database: TestDatabase;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  database = await postgres.createDatabase({ migrated: false });
  await migrateBefore(database, '0040');
});

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

  it('takes views and readers of a user’s own along', async () => {
    const role = `reader_${process.pid}`;
    await storeWide(new Date().toISOString());
    await database.query(`CREATE ROLE ${role}; GRANT SELECT ON flowline.scored_events TO ${role};
      CREATE VIEW mine WITH (security_barrier) AS SELECT event_id, "offset", p_value FROM flowline.scored_events;
      CREATE VIEW of_mine AS SELECT "offset" FROM mine`);
    await migrate(database.db);
    await commitBatch(database.db, scoredBatch({ first: 10, size: 2 }), { alertTopic: null });
    const seen = await database.query('SELECT "offset"::int AS at FROM of_mine ORDER BY 1');
    expect(seen.map(({ at }) => at)).toEqual([1, 2, 3, 10, 11]);
    const [kept] = await database.query(
      `SELECT reloptions AS options, has_table_privilege('${role}', 'flowline.scored_events', 'SELECT') AS reads
       FROM pg_class WHERE relname = 'mine'`,
    );
    expect(kept).toEqual({ options: ['security_barrier=true'], reads: true });
    await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });

  it('refuses a materialized view of a user’s own, which would stay as it is', async () => {
    await database.query('CREATE MATERIALIZED VIEW mine AS SELECT event_id FROM flowline.scored_events');
    await expect(migrate(database.db)).rejects.toMatchObject({
      code: 'FLOWLINE_DATABASE_FAILED',
      message: expect.stringContaining('materialized view mine is over flowline.scored_events'),
    });
    await database.query('DROP MATERIALIZED VIEW mine');
    await migrate(database.db);
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
      { exact_values: [0.5, expect.anything()], level_values: ['level 0'] },
      { exact_values: [1.5, -1], level_values: ['level 1'] },
      { exact_values: [1, 2, 3], level_values: [] },
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
