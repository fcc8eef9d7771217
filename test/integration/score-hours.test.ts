import { applyDetector, applyRetention, commitBatch, migrate, readScoreCounts, readTimeline } from '@flowline/db';
import type { ScoredBatch } from '@flowline/events';
import { alertRulesOf } from '@flowline/operations';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { migrateBefore } from '../support/earlier-release.ts';
import { EVENT_EPOCH_MS, scoredBatch } from '../support/postgres-batch.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { testDefinition } from '../support/scorer-model.ts';

const DETECTOR = 'checkout';
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const alerts = {
  alertTopic: null,
  alertRules: alertRulesOf(testDefinition(DETECTOR, 'orders').alerts),
  oncePerEvent: false,
};

let postgres: TestPostgres;
let database: TestDatabase;

beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createDatabase();
  await applyDetector(database.db, testDefinition(DETECTOR, 'orders'));
  for (const batch of batches()) await commitBatch(database.db, batch, alerts);
});
afterAll(() => postgres.stop());

/** Batches of two partitions with late events, a repeat, and one whose events lie far apart. */
function batches(): readonly ScoredBatch[] {
  const next = new Map<number, number>();
  const batch = (partition: number, times: readonly number[]): ScoredBatch => {
    const first = next.get(partition) ?? 0;
    next.set(partition, first + times.length);
    const size = times.length;
    return {
      ...scoredBatch({ detector: DETECTOR, partition, first, fromOffset: first, size }),
      eventTimesMs: Float64Array.from(times, (minutes) => EVENT_EPOCH_MS + minutes * MINUTE_MS),
      pValues: Float64Array.from(times, (_, row) => 2 ** -((row * 7) % 40)),
    };
  };
  const minutes = (from: number, count: number, step: number): number[] =>
    Array.from({ length: count }, (_, i) => from + i * step);
  const first = batch(0, minutes(0, 130, 1));
  return [
    ...[first, first, batch(1, minutes(30, 90, 0.5)), batch(0, [125, 59.99, 60, 3, 130.5])],
    ...[batch(0, minutes(500, 300, 12)), batch(1, minutes(1_000, 300, 2)), batch(1, minutes(5_000, 300, 1_440))],
  ];
}

/** Sums of a column of counts by place, of the intervals of an hour. */
const summed = (column: string): string => `(
  SELECT array_agg(total ORDER BY place) FROM (
    SELECT place, sum(cell)::int AS total FROM intervals i, unnest(i.${column}) WITH ORDINALITY AS c (cell, place)
    WHERE (i.source_id, i.hour, i.seconds) = (s.source_id, s.hour, s.seconds) GROUP BY place) found)`;

/** Sums of a table of intervals by source, hour and length. */
const sumsOf = (table: string): Promise<readonly Record<string, unknown>[]> =>
  database.query(`
    WITH intervals AS (
      SELECT *, date_trunc('hour', starts_at, 'UTC') AS hour, greatest(width_seconds, 3600) AS seconds FROM flowline.${table})
    SELECT source_id, hour, seconds, sum(events)::int AS events, sum(anomalies)::int AS anomalies,
      round(sum(expected)::numeric, 9) AS expected, round(sum(bits_sum)::numeric, 6) AS bits, min(bits_min) AS least,
      max(bits_max) AS most, ${summed('p_cells')} AS p, ${summed('bits_cells')} AS cells
    FROM intervals s GROUP BY source_id, hour, seconds ORDER BY 1, 2, 3`);

const range = (fromMinutes: number, toMinutes: number) => ({
  detector: DETECTOR,
  from: new Date(EVENT_EPOCH_MS + fromMinutes * MINUTE_MS),
  to: new Date(EVENT_EPOCH_MS + toMinutes * MINUTE_MS),
});

describe('the scores by the hour', () => {
  it('are those of the minutes, whatever is stored late, again or far apart', async () => {
    const hours = await sumsOf('score_hours');
    expect(hours).toEqual(await sumsOf('score_summaries'));
    const widths = new Set(hours.map(({ seconds }) => seconds));
    expect([widths.has(3_600), widths.size > 1]).toEqual([true, true]);
    const [stored] = await database.query('SELECT count(*)::int AS rows FROM flowline.score_hours');
    expect(stored).toEqual({ rows: hours.length });
  });

  it.each([
    [0, 1_000_000],
    [0, 60],
    [1, 59],
    [59, 121],
    [60, 120],
    [60.5, 130],
    [119, 120],
  ])('count the events of minutes %d to %d as the minutes do', async (from, to) => {
    const asked = range(from, to);
    const { cells, bits } = await readScoreCounts(database.db, asked);
    const [counted] = await database.query(
      `SELECT coalesce(sum(events), 0)::int AS events FROM flowline.score_summaries
       WHERE starts_at >= $1 AND starts_at < $2`,
      [asked.from, asked.to],
    );
    const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
    expect([sum(cells), sum(bits)]).toEqual([counted?.events, counted?.events]);
  });

  it('are what a timeline of hours is summed from, and minutes are at its ends', async () => {
    const asked = { ...range(30, 150), seconds: 3_600 };
    const { buckets } = await readTimeline(database.db, asked);
    const fine = await readTimeline(database.db, { ...asked, seconds: 60 });
    const eventsOf = (hour: number): number =>
      fine.buckets
        .filter(({ at }) => Math.floor((at.getTime() - EVENT_EPOCH_MS) / HOUR_MS) === hour)
        .reduce((total, { events }) => total + events, 0);
    expect(buckets.map(({ events }) => events)).toEqual([0, 1, 2].map(eventsOf));
    // The middle one is stored as an hour, the others as minutes.
    expect(buckets.map(({ storedSeconds }) => storedSeconds)).toEqual([60, 3_600, 60]);
  });

  it('come to a database of an earlier release with its migration', async () => {
    const old = await postgres.createDatabase({ migrated: false });
    await migrateBefore(old, '0305');
    await old.query(`INSERT INTO flowline.score_sources (detector, detector_version, model_version, topic, partition)
      VALUES ('checkout', 1, 1, 'orders', 0), ('checkout', 1, 2, 'orders', 0)`);
    await old.query(`INSERT INTO flowline.score_summaries (source_id, starts_at, width_seconds, events, anomalies, expected,
        bits_sum, bits_min, bits_max, p_cells, bits_cells, stored_at)
      SELECT 1 + i % 2, timestamptz '2026-01-01Z' + i * interval '20 minutes', CASE WHEN i % 9 = 0 THEN 21600 ELSE 60 END,
        i + 1, i % 2, 0.5 * i, 2 * i, i % 5, 20 + i % 5, array_fill(i, ARRAY[20]), array_fill(i, ARRAY[1 + i % 7]),
        now() - i * interval '1 minute'
      FROM generate_series(0, 27) AS i`);
    await migrate(old.db);
    const before = database;
    database = old;
    try {
      const hours = await sumsOf('score_hours');
      expect(hours).toEqual(await sumsOf('score_summaries'));
      expect(hours.length).toBeGreaterThan(10);
      const [last] = await old.query(`SELECT max(h.stored_at) = max(m.stored_at) AS same
        FROM flowline.score_hours h, flowline.score_summaries m`);
      expect(last).toEqual({ same: true });
    } finally {
      database = before;
    }
  });

  it('expire as minutes do', async () => {
    await database.query(`UPDATE flowline.score_hours SET stored_at = now() - interval '11 days'
      WHERE starts_at < '2026-01-01 02:00Z'`);
    const retention = { detector: DETECTOR, scoredDays: 40, anomaliesDays: 10, deadLettersDays: 10 };
    await applyRetention(database.db, [retention]);
    const [left] = await database.query('SELECT min(starts_at) AS first FROM flowline.score_hours');
    expect(left).toEqual({ first: new Date('2026-01-01T02:00:00Z') });
  });
});
