import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import {
  applyDetector,
  championVersion,
  listModels,
  listTrainingRuns,
  loadModelVersion,
  openTrainingRequests,
  requestRecalibration,
} from '@flowline/db';
import { loadBundle } from '@flowline/detector';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { type ServiceProcess, startScorer, startTrainer } from '../support/scorer-process.ts';
import { until } from '../support/until.ts';
import { createReadings, makeReadings, readingsDefinition } from './trainer-fixture.ts';

let postgres: TestPostgres;
let database: TestDatabase;
const running: ServiceProcess[] = [];
const folder = mkdtempSync(path.join(tmpdir(), 'flowline-recalibration-'));

beforeAll(async () => {
  postgres = await startPostgres();
});
beforeEach(async () => {
  database = await postgres.createDatabase();
  await createReadings(database, makeReadings(3000, 1));
  await applyDetector(database.db, readingsDefinition({ steps: 60 }));
});
afterEach(() => {
  for (const { child } of running.splice(0)) child.kill('SIGKILL');
});
afterAll(async () => {
  await postgres.stop();
  rmSync(folder, { recursive: true });
});

async function train(...options: readonly string[]): Promise<{ readonly code: unknown; readonly log: string }> {
  const once = startTrainer(['--once', 'readings', ...options], { FLOWLINE_DATABASE_URL: database.url });
  running.push(once);
  return { code: await once.ended, log: once.stderr() };
}

async function bundleOf(version: number) {
  const { bytes, sha256 } = await loadModelVersion(database.db, 'readings', version);
  return { sha256, bundle: loadBundle(bytes, sha256) };
}

/** Adds 1,200 readings after those of the history. */
const addNewerReadings = () =>
  database.query(
    `INSERT INTO readings SELECT id, ts + interval '3000 minutes', level, flow, valve
     FROM jsonb_to_recordset($1) AS r (id text, ts timestamptz, level float8, flow float8, valve text)`,
    [JSON.stringify(makeReadings(1200, 2))],
  );

/** Scores 200 readings under ids of a prefix, and resolves to their stored rows. */
async function score(prefix: string) {
  const file = path.join(folder, `${prefix}.ndjson`);
  const events = makeReadings(200, 7).map((reading, i) => ({ ...reading, id: `${prefix}-${i}` }));
  writeFileSync(file, events.map((event) => JSON.stringify(event)).join('\n'));
  const args = ['--detector', 'readings', '--source', `ndjson:${file}`, '--alerts', 'none', '--json'];
  const scorer = startScorer(args, { FLOWLINE_DATABASE_URL: database.url });
  running.push(scorer);
  const code = await scorer.ended;
  expect({ code, log: code === 0 ? '' : scorer.stderr() + scorer.stdout() }).toEqual({ code: 0, log: '' });
  return storedScores(prefix);
}

const storedScores = (prefix: string) =>
  database.query(
    `SELECT "offset"::int, model_version, log_density_nats, p_value, is_anomaly, scored_at FROM flowline.scored_events
     WHERE event_id LIKE $1 ORDER BY "offset"`,
    [`${prefix}-%`],
  );

describe('a recalibration', () => {
  it('makes a model of the same weights with p-values of newer rows, which the gate promotes', async () => {
    expect((await train()).code).toBe(0);
    await addNewerReadings();
    const { code, log } = await train('--recalibrate');
    expect({ code, log }).toMatchObject({ code: 0 });
    const [first, second] = [await bundleOf(1), await bundleOf(2)];
    expect(second.bundle.flows).toEqual(first.bundle.flows);
    expect(second.bundle.encoding.toJSON()).toEqual(first.bundle.encoding.toJSON());
    expect(second.bundle.calibration).not.toEqual(first.bundle.calibration);
    const { history, recalibratedFrom } = second.bundle.metadata;
    expect(recalibratedFrom).toBe(first.sha256);
    expect(history.train).toEqual(first.bundle.metadata.history.train);
    // Newer than all that the weights were trained or validated on: 30 % of 3,000 rows, and 1,200.
    expect(history.calibration).toMatchObject({ rows: 1400 });
    expect(history.calibration.fromMs).toBeGreaterThan(Number(first.bundle.metadata.history.validation.toMs));
    expect(history.test).toMatchObject({ rows: 700 });
    expect((await listTrainingRuns(database.db, 'readings', 1))[0]).toMatchObject({
      ...{ kind: 'recalibration', status: 'succeeded', modelVersion: 2, promoted: true },
      metrics: { promotion: { promote: true, reason: expect.stringContaining('against champion 1') } },
    });
    expect(await championVersion(database.db, 'readings')).toBe(2);
    expect((await listModels(database.db, 'readings')).map(({ detectorVersion }) => detectorVersion)).toEqual([1, 1]);
  }, 120_000);

  it('is refused without a champion, and for one of other features', async () => {
    expect(await train('--recalibrate')).toMatchObject({
      code: 1,
      log: expect.stringContaining('FLOWLINE_MODEL_MISSING'),
    });
    expect((await train()).code).toBe(0);
    const definition = readingsDefinition({ steps: 60 });
    const features = definition.features.filter(({ name }) => name !== 'valve');
    const changed = { ...definition, features };
    await applyDetector(database.db, changed);
    expect(await train('--recalibrate')).toMatchObject({
      code: 1,
      log: expect.stringContaining('FLOWLINE_MODEL_OUTDATED'),
    });
    expect(await championVersion(database.db, 'readings')).toBe(1);
  }, 120_000);

  it('is made on time by a serving trainer, of a combined model too; stored scores stay', async () => {
    await applyDetector(database.db, readingsDefinition({ steps: 60, recalibrate: '1h', test: 'combined' }));
    expect((await train()).code).toBe(0);
    const before = await score('before');
    expect(before).toHaveLength(200);
    await addNewerReadings();
    const trainer = startTrainer(['serve'], { FLOWLINE_DATABASE_URL: database.url });
    running.push(trainer);
    const detail = () => trainer.stderr();
    await until('the trainer to wait', () => trainer.stderr().includes('waits for schedules'), { detail });
    expect(await listTrainingRuns(database.db, 'readings', 10)).toHaveLength(1);
    // Model versions are immutable: an hour passes without the trigger that says so.
    await database.query('ALTER TABLE flowline.model_versions DISABLE TRIGGER USER');
    await database.query(`UPDATE flowline.model_versions SET created_at = now() - interval '61 minutes'`);
    await database.query('ALTER TABLE flowline.model_versions ENABLE TRIGGER USER');
    await until('another champion', async () => (await championVersion(database.db, 'readings')) === 2, {
      ...{ timeoutMs: 60_000, detail },
    });
    const [first, second] = [await bundleOf(1), await bundleOf(2)];
    expect(second.bundle.flows).toEqual(first.bundle.flows);
    // Distances are measured from the same rows; their p-values are those of newer rows.
    const combinedOf = ({ bundle: { statistic } }: typeof first) => {
      if (statistic?.test !== 'combined') throw new Error(`the test is ${statistic?.test ?? 'density'}`);
      return statistic;
    };
    const rowsOf = (of: typeof first) => combinedOf(of).history?.rows;
    expect(rowsOf(first)?.length).toBeGreaterThan(0);
    expect(rowsOf(second)).toEqual(rowsOf(first));
    expect(combinedOf(second).components.map(({ name }) => name)).toContain('distant');
    expect(combinedOf(second).components).not.toEqual(combinedOf(first).components);
    // Readers of the views see it, and scorers take it over.
    expect(
      await database.query(
        `SELECT model_version, calibration_rows::int FROM flowline.v1_calibration
         WHERE detector = 'readings' ORDER BY model_version`,
      ),
    ).toEqual([
      { model_version: 1, calibration_rows: expect.any(Number) },
      { model_version: 2, calibration_rows: 1400 },
    ]);
    const after = await score('after');
    expect(after.map(({ log_density_nats }) => log_density_nats)).toEqual(
      before.map(({ log_density_nats }) => log_density_nats),
    );
    expect(new Set(after.map(({ model_version }) => model_version))).toEqual(new Set([2]));
    expect(after.map(({ p_value }) => p_value)).not.toEqual(before.map(({ p_value }) => p_value));
    expect(await storedScores('before')).toEqual(before);
    const runs = await listTrainingRuns(database.db, 'readings', 10);
    expect(runs.map(({ kind, status }) => [kind, status])).toEqual([
      ['recalibration', 'succeeded'],
      ['training', 'succeeded'],
    ]);
  }, 240_000);

  it('is requested once the champion and the last recalibration are as old as asked', async () => {
    const request = (everyMs: number) => requestRecalibration(database.db, 'readings', everyMs);
    expect(await request(0)).toBeNull();
    expect((await train()).code).toBe(0);
    expect(await request(3_600_000)).toBeNull();
    const runId = await request(0);
    expect(await openTrainingRequests(database.db)).toMatchObject([{ runId, kind: 'recalibration' }]);
    expect(await request(0)).toBeNull();
    await database.query(
      `UPDATE flowline.training_runs SET status = 'failed', finished_at = now() WHERE run_id = ${runId}`,
    );
    expect(await request(3_600_000)).toBeNull();
    expect(await request(0)).not.toBeNull();
  }, 120_000);
});
