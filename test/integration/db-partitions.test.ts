import { applyDetector, applyRetention, commitBatch, ensurePartitions, migrate } from '@flowline/db';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { migrateBefore } from '../support/earlier-release.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { scoredBatch } from '../support/postgres-batch.ts';

let postgres: TestPostgres;
let database: TestDatabase;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  database = await postgres.createDatabase();
});

const insertAt = (scoredAt: string, offset: number) =>
  database.query(
    `INSERT INTO flowline.scored_events (detector, detector_version, model_version, topic, partition, "offset", event_id,
       event_time, scored_at, log_density_nats, p_value, p_method, is_anomaly, numeric_values, level_values)
     VALUES ('d', 1, 1, 't', 0, $2, '', now(), $1, 0, 1, 'empirical', false, '{}', '{}')`,
    [scoredAt, offset],
  );
const placed = () =>
  database.query(
    `SELECT tableoid::regclass::text AS partition, "offset"::int FROM flowline.event_scores ORDER BY "offset"`,
  );
/** Creates the partitions of any days, however distant. Only the owner may do so. */
const make = (day: string, days: number) =>
  database.query(
    `SELECT count(*) FILTER (WHERE flowline.create_partition($1::date + i))::int AS created FROM generate_series(0, $2 - 1) AS i`,
    [day, days],
  );

describe('the partitions of event_scores', () => {
  it('stand ready after migrating, and a commit lands in today’s', async () => {
    expect(await ensurePartitions(database.db)).toBe(0);
    const before = new Date().toISOString().slice(0, 10).replaceAll('-', '_');
    await commitBatch(database.db, scoredBatch({ size: 1 }), { alertTopic: null });
    const after = new Date().toISOString().slice(0, 10).replaceAll('-', '_');
    const [row] = await placed();
    expect([before, after].map((day) => `flowline.event_scores_${day}`)).toContain(row?.partition);
    const [ahead] = await database.query(`SELECT to_regclass('flowline.event_scores_' ||
      to_char((now() AT TIME ZONE 'UTC')::date + 7, 'YYYY_MM_DD')) IS NOT NULL AS ready`);
    expect(ahead).toEqual({ ready: true });
  });

  it('divide at midnight UTC, whatever zone the session is in', async () => {
    await database.query(`SET timezone = 'Pacific/Auckland'`);
    await make('2031-03-29', 3);
    await insertAt('2031-03-29T23:59:59.999999Z', 1);
    await insertAt('2031-03-30T00:00:00Z', 2);
    await insertAt('2031-03-30T23:59:59.999999Z', 3);
    await insertAt('2031-03-31T00:00:00Z', 4);
    expect(await placed()).toEqual([
      { partition: 'flowline.event_scores_2031_03_29', offset: 1 },
      { partition: 'flowline.event_scores_2031_03_30', offset: 2 },
      { partition: 'flowline.event_scores_2031_03_30', offset: 3 },
      { partition: 'flowline.event_scores_2031_03_31', offset: 4 },
    ]);
  });

  it('take over what was stored before they stood ready', async () => {
    await insertAt('2032-02-28T12:00:00Z', 1);
    await insertAt('2032-02-29T12:00:00Z', 2);
    await insertAt('2032-03-01T12:00:00Z', 3);
    expect((await placed()).map((row) => row.partition)).toEqual(Array(3).fill('flowline.event_scores_default'));
    expect(await make('2032-02-28', 2)).toEqual([{ created: 2 }]);
    expect(await make('2032-02-28', 2)).toEqual([{ created: 0 }]);
    expect(await placed()).toEqual([
      { partition: 'flowline.event_scores_2032_02_28', offset: 1 },
      { partition: 'flowline.event_scores_2032_02_29', offset: 2 },
      { partition: 'flowline.event_scores_default', offset: 3 },
    ]);
  });

  it('are made by several sessions at once without an error', async () => {
    const clients = await Promise.all([1, 2, 3].map(() => database.client()));
    const created = await Promise.all(
      clients.map(async (client) => {
        const { rows } = await client.query<{ created: number }>(
          `SELECT flowline.ensure_partitions((now() AT TIME ZONE 'UTC')::date + 10, 4) AS created`,
        );
        return rows[0]?.created ?? 0;
      }),
    );
    expect(created.reduce((a, b) => a + b)).toBe(4);
  });

  it('have the indexes that queries rely on', async () => {
    await make('2031-03-29', 1);
    const indexes = await database.query(
      `SELECT indexdef FROM pg_indexes WHERE tablename = 'event_scores_2031_03_29' ORDER BY indexdef`,
    );
    expect(indexes.map((row) => String(row.indexdef).replace(/^.* USING /, ''))).toEqual([
      expect.stringMatching(/^brin \(event_id text_bloom_ops/),
      expect.stringMatching(/^brin \(event_time, scored_at, source_id int4_minmax_multi_ops\)/),
    ]);
  });
});

describe('the partitions of today and later', () => {
  it.each([
    ['', '9999'],
    [' of an earlier release', '0080'],
  ])('ask for vacuum often%s, since every question reads the rows since the last', async (_, first) => {
    const earlier = await postgres.createDatabase({ migrated: false });
    if (first < '9999') await migrateBefore(earlier, first);
    await migrate(earlier.db);
    const settings = await earlier.query(`SELECT DISTINCT o.option_name AS name, o.option_value AS value
      FROM pg_class c, pg_options_to_table(c.reloptions) AS o
      WHERE c.relname ~ '^event_scores_\\d{4}' AND to_date(right(c.relname, 10), 'YYYY_MM_DD') >= (now() AT TIME ZONE 'UTC')::date
        AND c.relkind = 'r' AND o.option_name LIKE 'autovacuum_vacuum_insert%' ORDER BY 1`);
    expect(settings).toEqual([
      { name: 'autovacuum_vacuum_insert_scale_factor', value: '0' },
      { name: 'autovacuum_vacuum_insert_threshold', value: '20000' },
    ]);
  });
});

describe('applyRetention', () => {
  it('drops days beyond the longest retention, and anomalies beyond their detector’s', async () => {
    await applyDetector(database.db, { name: 'checkout' });
    await make('2020-01-01', 2);
    await insertAt('2020-01-01T12:00:00Z', 1);
    await commitBatch(database.db, scoredBatch({ anomalies: [0, 1] }), { alertTopic: null });
    await database.query(`UPDATE flowline.anomalies SET scored_at = now() - interval '11 days' WHERE "offset" = 0`);
    await commitBatch(database.db, scoredBatch({ first: 3, size: 0, deadLetters: [3, 4] }), { alertTopic: null });
    await database.query(`UPDATE flowline.dead_letters SET stored_at = now() - interval '6 days' WHERE "offset" = 3`);
    const removed = await applyRetention(database.db, [
      { detector: 'checkout', scoredDays: 3, anomaliesDays: 10, deadLettersDays: 5 },
    ]);
    expect(removed).toEqual({ partitions: 2, anomalies: 1, deadLetters: 1, entities: 0, blocked: false });
    expect((await placed()).map((row) => row.offset)).toEqual([0, 1, 2]);
    expect(await applyRetention(database.db, [])).toMatchObject({ partitions: 0, anomalies: 0 });
  });

  it('completes the indexes of days that are over', async () => {
    await database.query(
      `SELECT flowline.create_partition((now() AT TIME ZONE 'UTC')::date - i) FROM generate_series(1, 2) AS i`,
    );
    await database.query(`INSERT INTO flowline.event_scores (scored_at, event_time, "offset", source_id, flags, event_id)
      SELECT now() - interval '1 day' * (i % 3), now() - interval '1 day' * (i % 3), i, 1, 2, 'event ' || i FROM generate_series(1, 30000) AS i`);
    // Pages of the heap that have to be read for an event of another day.
    const read = async (daysAgo: number) => {
      const rows = await database.query(`EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM flowline.event_scores
        WHERE event_time < '2020-01-01' AND scored_at >= current_date - ${daysAgo} AND scored_at < current_date - ${daysAgo - 1}`);
      return Number(/"Lossy Heap Blocks": (\d+)/.exec(JSON.stringify(rows[0]?.['QUERY PLAN'], null, 1))?.[1]);
    };
    await database.query(`ANALYZE flowline.event_scores; SET enable_seqscan = off; SET timezone = 'UTC'`);
    const before = await Promise.all([0, 1, 2].map(read));
    await applyRetention(database.db, [{ detector: 'checkout', scoredDays: 3, anomaliesDays: 10, deadLettersDays: 5 }]);
    expect(Math.min(...before)).toBeGreaterThan(50);
    // Today goes on.
    expect(await Promise.all([0, 1, 2].map(read))).toEqual([before[0], 0, 0]);
  });

  it('keeps nobody from writing while a day that has to go is being read', async () => {
    await make('2020-01-01', 1);
    await insertAt('2020-01-01T12:00:00Z', 1);
    const reader = await database.client();
    await reader.query('BEGIN');
    await reader.query('SELECT count(*) FROM flowline.scored_events');
    let retained: Awaited<ReturnType<typeof applyRetention>> | undefined;
    const retaining = applyRetention(database.db, [
      { detector: 'checkout', scoredDays: 3, anomaliesDays: 10, deadLettersDays: 5 },
    ]).then((removed) => (retained = removed));
    // Each of these commits would wait for the reader if dropping the day did.
    let batches = 0;
    while (retained === undefined) {
      await commitBatch(database.db, scoredBatch({ first: batches * 3 }), { alertTopic: null, timeoutMs: 3_000 });
      batches++;
    }
    await retaining;
    expect(retained).toEqual({ partitions: 0, anomalies: 0, deadLetters: 0, entities: 0, blocked: true });
    expect(batches).toBeGreaterThan(5);
    await reader.query('COMMIT');
    const day = [{ detector: 'checkout', scoredDays: 3, anomaliesDays: 10, deadLettersDays: 5 }];
    expect(await applyRetention(database.db, day)).toMatchObject({ partitions: 1, blocked: false });
    expect(await database.query('SELECT count(*)::int AS n FROM flowline.scored_events')).toEqual([{ n: batches * 3 }]);
  });
});

describe('v1_alert_rate_daily', () => {
  it.each([1, 0.1, 0])('holds expected against measured, whatever share of the rows is kept: %s', async (sample) => {
    const sha = `encode(sha256('m'), 'hex')`;
    await applyDetector(database.db, { name: 'checkout' });
    await database.query(`INSERT INTO flowline.model_artifacts VALUES (${sha}, 'm')`);
    await database.query(`INSERT INTO flowline.model_versions VALUES ('checkout', 1, 1, ${sha}, 0.01, '{}')`);
    const options = { alertTopic: null, sample };
    await commitBatch(database.db, scoredBatch({ size: 250, anomalies: [3, 5] }), options);
    // Partly redelivered: rows already stored are not counted twice.
    await commitBatch(database.db, scoredBatch({ first: 200, size: 200, anomalies: [7] }), options);
    const rows = await database.query('SELECT events::int, expected, measured::int FROM flowline.v1_alert_rate_daily');
    // The expected rate uses the alpha of the batches, which decided: 400 × 0.001.
    expect(rows).toEqual([{ events: 400, expected: expect.closeTo(0.4, 9), measured: 2 }]);
    const [kept] =
      await database.query(`SELECT count(*)::int AS rows, count(*) FILTER (WHERE is_anomaly)::int AS anomalies
      FROM flowline.scored_events`);
    expect(kept?.anomalies).toBe(2);
    expect(Math.abs(Number(kept?.rows) - 400 * sample)).toBeLessThan(30);
  });
});
