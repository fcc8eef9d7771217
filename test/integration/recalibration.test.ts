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
import { type ServiceProcess, startTrainer } from '../support/scorer-process.ts';
import { createReadings, makeReadings, readingsDefinition } from './trainer-fixture.ts';

let postgres: TestPostgres;
let database: TestDatabase;
const running: ServiceProcess[] = [];

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
afterAll(() => postgres.stop());

async function train(...options: readonly string[]): Promise<{ readonly code: unknown; readonly log: string }> {
  const once = startTrainer(['--once', 'readings', ...options], { FLOWLINE_DATABASE_URL: database.url });
  running.push(once);
  return { code: await once.ended, log: once.stderr() };
}

async function bundleOf(version: number) {
  const { bytes, sha256 } = await loadModelVersion(database.db, 'readings', version);
  return { sha256, bundle: loadBundle(bytes, sha256) };
}

describe('a recalibration', () => {
  it('makes a model of the same weights with p-values of newer rows, which the gate promotes', async () => {
    expect((await train()).code).toBe(0);
    await database.query(
      `INSERT INTO readings SELECT id, ts + interval '3000 minutes', level, flow, valve
       FROM jsonb_to_recordset($1) AS r (id text, ts timestamptz, level float8, flow float8, valve text)`,
      [JSON.stringify(makeReadings(1200, 2))],
    );
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
