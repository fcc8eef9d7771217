import type { DetectorDefinition } from '@flowline/config';
import {
  applyDetector,
  type DriftDay,
  type DriftFeature,
  getDetector,
  listDriftDays,
  listTrainingRuns,
  promote,
  readDriftDay,
  requestForNewRows,
  requestTraining,
  storeDriftDay,
  storeModelVersion,
  uncheckedDays,
} from '@flowline/db';
import { Random } from '@flowline/flows';
import { detectorStatus } from '@flowline/operations';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { type ServiceProcess, startTrainer } from '../support/scorer-process.ts';
import { until } from '../support/until.ts';
import { createReadings, makeReadings, readingsDefinition } from './trainer-fixture.ts';

const DAY_MS = 86_400_000;
const EVENTS = 1_500;

let postgres: TestPostgres;
let database: TestDatabase;
const running: ServiceProcess[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
});
beforeEach(async () => {
  database = await postgres.createDatabase();
});
afterEach(() => {
  for (const { child } of running.splice(0)) child.kill('SIGKILL');
});
afterAll(() => postgres.stop());

/** UTC day so many days ago. */
const dayAgo = (days: number): string => new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);

/**
 * Stores events of a day as model version 1 scored them, of which every tenth is not in the sample.
 */
async function scoreDay(
  daysAgo: number,
  pValueOf: (u: number) => number,
  { events = EVENTS, shift = 0 }: { readonly events?: number; readonly shift?: number } = {},
): Promise<void> {
  const random = new Random(daysAgo);
  const pValues = Array.from({ length: events }, () => pValueOf(1 - random.uniform()));
  const readings = makeReadings(events, 100 + daysAgo);
  await database.query(
    `INSERT INTO flowline.scored_events (detector, detector_version, model_version, topic, partition, "offset", event_id,
       event_time, scored_at, log_density_nats, p_value, p_method, is_anomaly, numeric_values, level_values, in_sample)
     SELECT 'readings', 1, 1, 't', 0, $1::bigint + i, i::text, $2::date, $2::date + interval '1 hour', -1, p, 'empirical',
       false, ARRAY[level, flow], ARRAY[valve], i % 10 <> 0
     FROM unnest($3::float8[], $4::float8[], $5::float8[], $6::text[]) WITH ORDINALITY AS scored (p, level, flow, valve, i)`,
    [
      ...[(40 - daysAgo) * 100_000, `${dayAgo(daysAgo)}T00:00:00Z`, pValues],
      ...[readings.map(({ level }) => level), readings.map(({ flow }) => flow * Math.exp(shift))],
      readings.map(({ valve }) => valve),
    ],
  );
  await database.query(
    `INSERT INTO flowline.event_counts (detector, topic, partition, day, model_version, events, anomalies)
     VALUES ('readings', 't', 0, $1::date, 1, $2, 0)`,
    [dayAgo(daysAgo), events],
  );
}

const clean = (u: number): number => u;
const drifted = (u: number): number => u ** 2;

describe('the days of a model', () => {
  it('are checked once they are over, oldest first, with the values of their sample', async () => {
    for (const daysAgo of [40, 3, 2, 0]) await scoreDay(daysAgo, clean);
    const days = await uncheckedDays(database.db, 'readings', 1);
    expect(days).toEqual([
      { detector: 'readings', modelVersion: 1, day: dayAgo(3), events: EVENTS },
      { detector: 'readings', modelVersion: 1, day: dayAgo(2), events: EVENTS },
    ]);
    expect(await uncheckedDays(database.db, 'readings', 2)).toEqual([]);
    const random = new Random(3);
    const own = Array.from({ length: EVENTS }, () => 1 - random.uniform()).filter((_, i) => (i + 1) % 10 !== 0);
    const read = await readDriftDay(database.db, { ...days[0], events: EVENTS } as (typeof days)[number]);
    expect([...read.pValues]).toEqual(own);
    expect(read.reference).toEqual([]);
  });

  it('are compared with the first seven that have values', async () => {
    const stored = (daysAgo: number, compared: number): DriftDay => ({
      ...{ detector: 'readings', modelVersion: 1, day: dayAgo(daysAgo), events: 10, compared, stride: 1 },
      ...{ referenceDays: 0, evidence: 0, drifted: false, histogram: Float64Array.of(daysAgo, compared) },
      features: [],
    });
    for (const daysAgo of [12, 11, 10, 9, 8, 7, 6, 5, 4]) {
      await storeDriftDay(database.db, stored(daysAgo, daysAgo === 10 ? 0 : 5), false);
    }
    const of = (daysAgo: number) => ({ detector: 'readings', modelVersion: 1, day: dayAgo(daysAgo), events: 10 });
    const { reference } = await readDriftDay(database.db, of(1));
    expect(reference.map(([first]) => first)).toEqual([12, 11, 9, 8, 7, 6, 5]);
    expect((await readDriftDay(database.db, of(9))).reference.map(([first]) => first)).toEqual([12, 11]);
    expect(await storeDriftDay(database.db, { ...stored(12, 5), drifted: true }, true)).toEqual({
      ...{ stored: false, requestedRun: null },
    });
  });

  it('are checked by a trainer, and a day that has drifted requests one training', async () => {
    await createReadings(database, makeReadings(3000, 1));
    const definition = readingsDefinition({ steps: 60 });
    const triggers = { drift: true, newRows: null };
    const triggered: DetectorDefinition = { ...definition, training: { ...definition.training, triggers } };
    await applyDetector(database.db, triggered);
    const once = startTrainer(['--once', 'readings'], { FLOWLINE_DATABASE_URL: database.url });
    running.push(once);
    expect(await once.ended).toBe(0);
    for (const daysAgo of [6, 5, 4, 3]) await scoreDay(daysAgo, clean);
    await scoreDay(2, drifted, { shift: 0.05 });
    const trainer = startTrainer(['serve'], { FLOWLINE_DATABASE_URL: database.url });
    running.push(trainer);
    const detail = () => trainer.stderr();
    const runs = () => listTrainingRuns(database.db, 'readings', 10);
    await until(
      'a second model',
      async () => {
        const found = await runs();
        return found.length === 2 && found[0]?.status === 'succeeded';
      },
      {
        ...{ timeoutMs: 90_000, detail },
      },
    );
    expect((await runs())[0]).toMatchObject({ requestedBy: 'drift', modelVersion: 2 });
    const rows = await database.query(
      'SELECT day::text, events::int, reference_days, drifted, evidence >= 4 AS found FROM flowline.v1_drift_daily ORDER BY day',
    );
    expect(rows).toEqual(
      [6, 5, 4, 3, 2].map((daysAgo, i) => ({
        ...{ day: dayAgo(daysAgo), events: EVENTS, reference_days: i },
        ...{ drifted: daysAgo === 2, found: daysAgo === 2 },
      })),
    );
    const features = await database.query(
      `SELECT day::text, feature, pit, place, compared, drifted, change FROM flowline.v1_drift_features
       ORDER BY day, pit, feature`,
    );
    expect(features).toEqual(
      [6, 5, 4, 3, 2].flatMap((daysAgo) =>
        // flow given level has moved, and so has level given flow; neither is odd by itself.
        ['conditional', 'marginal'].flatMap((pit) =>
          ['flow', 'level', 'valve'].map((feature) => ({
            ...{ day: dayAgo(daysAgo), feature, pit, place: expect.any(Number), compared: expect.any(Number) },
            ...{ drifted: daysAgo === 2 && pit === 'conditional' && feature !== 'valve', change: null },
            ...(daysAgo === 2 && pit === 'conditional' && feature === 'flow' ? { place: 1, change: 'higher' } : {}),
            ...(daysAgo === 2 && pit === 'conditional' && feature === 'level' ? { place: 2, change: 'lower' } : {}),
          })),
        ),
      ),
    );
  }, 180_000);
});

describe('the state of a detector', () => {
  const feature = (name: string, change: string | null): DriftFeature => ({
    ...{
      feature: name,
      pit: 'conditional' as const,
      compared: 10,
      stride: 1,
      evidence: 1,
      drifted: change !== null,
      change,
    },
    ...{ distance: 0.1, meanPit: 0.5, missingShare: 0, histogram: [10] },
  });
  const store = (daysAgo: number, parts: Partial<DriftDay>): Promise<unknown> =>
    storeDriftDay(
      database.db,
      {
        ...{ detector: 'readings', modelVersion: 1, day: dayAgo(daysAgo), events: 10, compared: 5, stride: 1 },
        ...{ referenceDays: 1, evidence: 0, drifted: false, histogram: Float64Array.of(5), features: [] },
        ...parts,
      },
      false,
    );
  const drift = async () => (await detectorStatus(database.db, await getDetector(database.db, 'readings'))).drift;

  it('says whether its data have drifted, since when, which features moved, and what to do', async () => {
    await applyDetector(database.db, readingsDefinition());
    const model = { detector: 'readings', detectorVersion: 1, bytes: Buffer.from('m'), alpha: 0.001, manifest: {} };
    await storeModelVersion(database.db, model);
    await promote(database.db, 'readings', 1, null);
    expect(await drift()).toEqual({ state: 'unchecked', day: null, since: null, moved: [], remedy: null });
    await store(9, { referenceDays: 0 });
    expect(await drift()).toMatchObject({ state: 'unchecked', day: dayAgo(9) });
    await store(8, { drifted: true });
    await store(7, { features: [feature('flow', null)] });
    expect(await drift()).toEqual({ state: 'steady', day: dayAgo(7), since: null, moved: [], remedy: null });
    await store(6, { features: [feature('flow', 'higher')] });
    await store(5, { compared: 0 });
    await store(4, {
      drifted: true,
      // Each feature once, as it has moved farthest.
      features: [
        feature('flow', 'higher'),
        feature('level', 'lower'),
        { ...feature('flow', 'spread otherwise'), pit: 'marginal' },
        { ...feature('level', null), pit: 'marginal' },
      ],
    });
    await store(3, { compared: 0 });
    expect(await drift()).toEqual({
      ...{ state: 'drifted', day: dayAgo(4), since: dayAgo(6) },
      moved: [
        { feature: 'flow', change: 'higher' },
        { feature: 'level', change: 'lower' },
      ],
      remedy: expect.stringContaining('flowline train readings'),
    });
  });

  it('lists its days page by page, those of the newest model first', async () => {
    for (const daysAgo of [9, 8, 7]) await store(daysAgo, { features: [feature('flow', 'higher')] });
    await store(7, { modelVersion: 2 });
    const first = await listDriftDays(database.db, { detector: 'readings', limit: 2 });
    expect(first).toMatchObject([
      { modelVersion: 2, day: dayAgo(7), features: [] },
      { modelVersion: 1, day: dayAgo(7), features: [{ feature: 'flow', change: 'higher', missingShare: 0 }] },
    ]);
    const before = { modelVersion: 1, day: dayAgo(7) };
    const next = await listDriftDays(database.db, { detector: 'readings', limit: 2, before });
    expect(next.map(({ day }) => day)).toEqual([dayAgo(8), dayAgo(9)]);
  });
});

describe('a training for new rows', () => {
  const request = () => requestForNewRows(database.db, 'readings', 2_000);

  it('is requested once enough events were scored since the last one began', async () => {
    await applyDetector(database.db, readingsDefinition());
    await scoreDay(2, clean);
    expect(await request()).toBeNull();
    await scoreDay(1, clean);
    const runId = await request();
    expect(await listTrainingRuns(database.db, 'readings', 10)).toMatchObject([
      { runId, status: 'requested', requestedBy: 'new rows' },
    ]);
    expect(await request()).toBeNull();
    await database.query(
      `UPDATE flowline.training_runs SET status = 'failed', finished_at = now(), events_scored = 3000`,
    );
    expect(await request()).toBeNull();
    await scoreDay(0, clean, { events: 2_000 });
    expect(await request()).not.toBeNull();
  });

  it('waits for nobody: not while a run waits, and for no detector that is deleted', async () => {
    await applyDetector(database.db, readingsDefinition());
    await scoreDay(1, clean, { events: 3_000 });
    await requestTraining(database.db, { detector: 'readings', promotion: null });
    expect(await request()).toBeNull();
    await database.query('DELETE FROM flowline.training_runs');
    await database.query(`UPDATE flowline.detectors SET state = 'deleted'`);
    expect(await request()).toBeNull();
  });
});
