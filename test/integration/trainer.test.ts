import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type DetectorDefinition, parseDetector } from '@flowline/config';
import { applyDetector, listModels, listTrainingRuns, loadChampion } from '@flowline/db';
import { Detector, loadBundle } from '@flowline/detector';
import { createRecordReader } from '@flowline/features';
import { silentLogger } from '@flowline/telemetry';
import { createProgress, type TrainerParts, trainOnce, type TrainRequest } from '@flowline/trainer';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import { createReadings, longTraining, makeReadings, readingsDefinition, readingsYaml } from './trainer-fixture.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

const quiet = createProgress({ write: () => undefined });
const byHand: TrainRequest = { detector: 'readings', scheduledFor: null, promotion: null };

function parts(database: TestDatabase, signal = new AbortController().signal): TrainerParts {
  return { db: database.db, logger: silentLogger, progress: quiet, backend: 'wasm', signal };
}

async function database(rows = 4000, broken = 0): Promise<TestDatabase> {
  const created = await postgres.createDatabase();
  await createReadings(created, makeReadings(rows, 1), broken);
  await applyDetector(created.db, readingsDefinition());
  return created;
}

describe('trainOnce', () => {
  it('reads history, trains, stores an immutable model and its run, and makes it the champion', async () => {
    const test = await database(4000, 40);
    const outcome = await trainOnce(parts(test), byHand);
    expect(outcome).toMatchObject({ modelVersion: 1, promoted: true, reason: 'there was no champion', alpha: 0.01 });
    expect(outcome?.metrics).toMatchObject({
      rowsRead: 4000,
      rejected: { 'missing_field level': 40 },
      rows: { train: 2376, validation: 396, calibration: 792, test: 396 },
    });
    expect(outcome?.metrics.eventsPerDay).toBeCloseTo(1440, -1);

    const [run] = await listTrainingRuns(test.db, 'readings');
    expect(run).toMatchObject({ status: 'succeeded', modelVersion: 1, promoted: true, detectorVersion: 1 });
    expect(run?.phases.map(({ phase }) => phase)).toEqual(expect.arrayContaining(['read history', 'train', 'store']));
    const [curve] = run?.curves as { step: number; trainNll: number; validationNll: number }[][];
    expect(curve?.map(({ step }) => step)).toEqual([50, 100]);
    expect(curve?.at(-1)?.validationNll).toBeLessThan(curve?.[0]?.validationNll ?? NaN);

    const stored = await loadChampion(test.db, 'readings');
    expect(stored.sha256).toBe(outcome?.sha256);
    await expect(test.query('UPDATE flowline.model_versions SET alpha = 0.5')).rejects.toThrow(/immutable/);
  });

  it('gives a model that finds what does not fit and leaves the rest alone at the rate asked for', async () => {
    const test = await database();
    await trainOnce(parts(test), byHand);
    const stored = await loadChampion(test.db, 'readings');
    const bundle = loadBundle(stored.bytes, stored.sha256);
    const detector = await Detector.create(bundle, { alpha: stored.alpha, backend: 'tfjs-wasm' });
    const pValues = async (rows: readonly object[]) =>
      Array.from((await detector.score(createRecordReader(bundle.schema, {}).read(rows).table)).pValues);

    const normal = await pValues(makeReadings(4000, 2));
    expect(normal.filter((p) => p <= 0.01).length / 4000).toBeGreaterThan(0.002);
    expect(normal.filter((p) => p <= 0.01).length / 4000).toBeLessThan(0.025);
    // Level and flow are each common, but not together.
    const unfit = makeReadings(300, 3).map((row) => ({ ...row, level: 1.5, flow: Math.exp(-0.75) }));
    expect((await pValues(unfit)).every((p) => p <= 0.01)).toBe(true);
    detector.dispose();
  });

  it('gives the same model for the same history and seed, byte for byte', async () => {
    const [first, second] = [await database(), await database()];
    const outcomes = [await trainOnce(parts(first), byHand), await trainOnce(parts(second), byHand)];
    expect(outcomes[0]?.sha256).toBe(outcomes[1]?.sha256);
  });

  it('starts from the champion if it is told to, and stores what trained and what came of it', async () => {
    const test = await database();
    const warm = readingsYaml({ steps: 50 }).replace('data: clean', 'data: clean\n    warmStart: true');
    await applyDetector(test.db, parseDetector(warm, 'readings.yaml'));
    const first = await trainOnce(parts(test), byHand);
    expect(first?.backend).toBe('engine');
    expect(first?.metrics.training).toMatchObject({
      compute: { backend: 'engine', why: 'it has compiled steps for the flow' },
      warmStart: { champion: null, problem: 'there is no champion yet', kept: 0, members: [] },
    });
    const second = await trainOnce(parts(test), byHand);
    const losses = { cold: expect.any(Number), warm: expect.any(Number) };
    expect(second?.metrics.training.warmStart).toMatchObject({ champion: 1, problem: null, members: [losses] });
    const [run] = await listTrainingRuns(test.db, 'readings');
    expect(run?.metrics).toMatchObject({ training: { compute: { backend: 'engine' }, warmStart: { champion: 1 } } });
  });

  it('keeps the champion when the challenger is worse, and stores why', async () => {
    const test = await database();
    await trainOnce(parts(test), byHand);
    await applyDetector(test.db, readingsDefinition({ steps: 1 }));
    const worse = await trainOnce(parts(test), byHand);
    expect(worse).toMatchObject({ modelVersion: 2, promoted: false, reason: expect.stringContaining('worse') });
    expect((await loadChampion(test.db, 'readings')).version).toBe(1);
    const [run] = await listTrainingRuns(test.db, 'readings');
    expect(run).toMatchObject({ status: 'succeeded', promoted: false, modelVersion: 2 });
    expect(run?.metrics).toMatchObject({ promotion: { promote: false, reason: worse?.reason } });

    // `always` promotes the worse model; a better one then takes over by itself.
    expect(await trainOnce(parts(test), { ...byHand, promotion: 'always' })).toMatchObject({ promoted: true });
    await applyDetector(test.db, readingsDefinition({ steps: 101 }));
    expect(await trainOnce(parts(test), byHand)).toMatchObject({ modelVersion: 4, promoted: true });
    expect((await loadChampion(test.db, 'readings')).version).toBe(4);
  });

  it('runs a scheduled time once, however many trainers try, at once or later', async () => {
    const test = await database();
    const request = { ...byHand, scheduledFor: new Date('2026-05-01T02:15:00Z') };
    const settled = await Promise.allSettled([1, 2, 3].map(() => trainOnce(parts(test), request)));
    const outcomes = settled.flatMap((one) => (one.status === 'fulfilled' && one.value !== null ? [one.value] : []));
    expect(outcomes).toHaveLength(1);
    for (const one of settled) {
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'FLOWLINE_TRAINING_BUSY' });
    }
    expect(await trainOnce(parts(test), request)).toBeNull();
    expect(await listTrainingRuns(test.db, 'readings')).toHaveLength(1);
  });

  it('cancels on its signal: nothing is stored but that it was cancelled', async () => {
    const test = await database();
    await applyDetector(test.db, readingsDefinition(longTraining));
    const abort = new AbortController();
    const training = trainOnce(parts(test, abort.signal), byHand);
    const isTraining = async () => (await listTrainingRuns(test.db, 'readings'))[0]?.phase === 'train';
    await until('the phase train', isTraining, { everyMs: 20 });
    abort.abort();
    await expect(training).rejects.toMatchObject({ code: 'FLOWLINE_ABORTED' });
    const [run] = await listTrainingRuns(test.db, 'readings');
    expect(run).toMatchObject({ status: 'failed', error: { code: 'FLOWLINE_ABORTED' } });
    expect(await listModels(test.db)).toEqual([]);
  });

  it('runs the query of a history once', async () => {
    const test = await database();
    const scans = async (): Promise<number> => {
      const [row] = await test.query(`SELECT seq_scan::int FROM pg_stat_user_tables WHERE relname = 'readings'`);
      return Number(row?.seq_scan);
    };
    const before = await scans();
    await trainOnce(parts(test), byHand);
    await until('the scans are counted', async () => (await scans()) > before);
    expect(await scans()).toBe(before + 1);
  });

  it('does not learn from windows that are still filling, and says so where all are', async () => {
    const windowed = (over: string): DetectorDefinition =>
      parseDetector(
        readingsYaml()
          .replace(
            '- { name: valve, type: categorical }',
            `- { name: recent, type: integer, from: { rolling: { statistic: count, over: ${over} } } }`,
          )
          .replace('eventId: id', 'eventId: id, key: [valve]'),
        'readings.yaml',
      );
    const test = await database();
    await applyDetector(test.db, windowed('10h'));
    const outcome = await trainOnce(parts(test), byHand);
    const { train, validation, calibration, test: newest } = outcome?.metrics.rows ?? {};
    expect([train, validation, calibration, newest].reduce((sum, rows) => (sum ?? 0) + (rows ?? 0), 0)).toBe(
      4000 - 600,
    );
    await applyDetector(test.db, windowed('100h'));
    await expect(trainOnce(parts(test), byHand)).rejects.toMatchObject({
      code: 'FLOWLINE_HISTORY_TOO_SMALL',
      message: expect.stringContaining('covers 66.7 h, and the longest window of the features 100 h'),
    });
  });

  it.each([
    [
      'too small a history',
      { query: 'select * from readings limit 300' },
      'FLOWLINE_HISTORY_TOO_SMALL',
      /300 usable rows/,
    ],
    ['no rows', { query: 'select * from readings where false' }, 'FLOWLINE_HISTORY_TOO_SMALL', /0 usable rows/],
    ['a missing table', { query: 'select * from nowhere' }, 'FLOWLINE_HISTORY_INVALID', /nowhere/],
    [
      'rows that do not fit',
      { query: 'select ts, level, flow, null::text as valve from readings' },
      'FLOWLINE_HISTORY_INVALID',
      /4000 of 4000 rows of the history do not fit the features \(4000 missing_field valve\)/,
    ],
  ])('says what is wrong with %s, and stores it', async (_what, options, code, message) => {
    const test = await database();
    await applyDetector(test.db, readingsDefinition(options));
    await expect(trainOnce(parts(test), byHand)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    const [run] = await listTrainingRuns(test.db, 'readings');
    expect(run).toMatchObject({ status: 'failed', error: { code } });
  });

  it.each<[string, string, Readonly<Record<string, number>>]>([
    ['nothing', '', {}],
    ['a row of 2012', `ts = '2012-01-01'`, { 'stray_time ts': 1 }],
    ['a row of the last year', `ts = '9999-12-31'`, { 'stray_time ts': 1 }],
    ['an infinite time', `ts = 'infinity'`, { 'bad_time ts': 1 }],
    ['no time', 'ts = NULL', { 'missing_field ts': 1 }],
  ])('is not led astray by the time of one row: %s', async (_what, change, rejected) => {
    const test = await database();
    if (change !== '') await test.query(`UPDATE readings SET ${change} WHERE id = 'reading-1-0'`);
    const definition = readingsDefinition({ steps: 1 });
    const changed: DetectorDefinition = {
      ...definition,
      decision: { ...definition.decision, control: { falseAlarmsPerDay: 1 / 7 } },
      history: { ...definition.history, lookbackMs: 30 * 86_400_000 },
    };
    await applyDetector(test.db, changed);
    const outcome = await trainOnce(parts(test), byHand);
    expect(outcome?.metrics).toMatchObject({ rowsRead: change === '' ? 4000 : 3999, rejected });
    expect(outcome?.metrics.warnings).toHaveLength(change === '' ? 0 : 1);
    expect(outcome?.alpha).toBeCloseTo(1 / 7 / 1440, 6);
  });

  it.each([
    [
      'a column that is not there',
      'select ts, flow, level as levl, valve from readings',
      /no column "level" \(did you mean "levl"/,
    ],
    [
      'a name that no event matches',
      'select ts, flow, level, ts as valve from readings',
      /"valve" of the history is a timestamp/,
    ],
    [
      'times that are none',
      `select 'soon' as ts, flow, level, valve from readings`,
      /no time in 4000 of 4000 rows, such as "soon"/,
    ],
  ])('names %s', async (_what, query, message) => {
    const test = await database();
    await applyDetector(test.db, readingsDefinition({ query: query.replaceAll("'", "''") }));
    await expect(trainOnce(parts(test), byHand)).rejects.toMatchObject({
      code: 'FLOWLINE_HISTORY_INVALID',
      message: expect.stringMatching(message),
    });
  });
});
