import { createHash } from 'node:crypto';

import {
  abandonStaleRuns,
  applyDetector,
  championVersion,
  claimRequestedRun,
  claimScheduledRun,
  connect,
  failRun,
  finishRun,
  getDetector,
  getDetectorVersion,
  holdModel,
  lastScheduledTime,
  listDetectors,
  listModels,
  listTrainingRuns,
  loadChampion,
  loadModelVersion,
  modelAliases,
  openTrainingRequests,
  postponeRun,
  promote,
  readCheckpoints,
  readInForce,
  recordProgress,
  removeCheckpoints,
  reportScoring,
  requestTraining,
  rollBack,
  startTrainingRun,
  storeCheckpoints,
  storeModelVersion,
  withTrainingLease,
} from '@flowline/db';
import { FlowlineError } from '@flowline/events';
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

const definition = (change: object = {}) => ({
  name: 'checkout',
  features: ['amount'],
  source: { a: 1, b: null },
  ...change,
});
const bytes = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 256));
const newModel = (change: object = {}) => ({
  detector: 'checkout',
  detectorVersion: 1,
  bytes,
  alpha: 1e-3,
  manifest: { family: 'realNVP', heldOutNll: 1.25 },
  ...change,
});

describe('applyDetector', () => {
  it('makes a version only when the definition changes', async () => {
    expect(await applyDetector(database.db, definition())).toEqual({ version: 1, changed: true });
    const reordered = { source: { b: null, a: 1 }, features: ['amount'], name: 'checkout' };
    expect(await applyDetector(database.db, reordered)).toEqual({ version: 1, changed: false });
    expect(await applyDetector(database.db, definition({ features: [] }))).toEqual({ version: 2, changed: true });
    expect(await applyDetector(database.db, definition())).toEqual({ version: 3, changed: true });
    expect(await getDetector(database.db, 'checkout')).toMatchObject({ version: 3, definition: definition() });
    expect(await getDetectorVersion(database.db, 'checkout', 2)).toMatchObject({ definition: { features: [] } });
    expect(await listDetectors(database.db)).toHaveLength(1);
  });

  it('makes one version of many applications at once', async () => {
    const applied = await Promise.all(Array.from({ length: 6 }, () => applyDetector(database.db, definition())));
    expect(applied.filter((one) => one.changed)).toHaveLength(1);
    expect(await database.query('SELECT version FROM flowline.detector_versions')).toEqual([{ version: 1 }]);
  });

  it('tells of a detector that is not there', async () => {
    await expect(getDetector(database.db, 'chekout')).rejects.toMatchObject({ code: 'FLOWLINE_DETECTOR_MISSING' });
  });
});

describe('models', () => {
  beforeEach(() => applyDetector(database.db, definition()));

  it('numbers versions by detector and gives back the bytes', async () => {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(await storeModelVersion(database.db, newModel())).toEqual({ version: 1, sha256 });
    const other = Buffer.from('another');
    expect(await storeModelVersion(database.db, newModel({ bytes: other }))).toMatchObject({ version: 2 });
    const model = await loadModelVersion(database.db, 'checkout', 1);
    expect(model).toMatchObject({ sha256, alpha: 1e-3, detectorVersion: 1, manifest: { heldOutNll: 1.25 } });
    expect(Buffer.compare(model.bytes, bytes)).toBe(0);
    expect(await listModels(database.db, 'checkout')).toMatchObject([
      { version: 2, champion: false, bytes: 7 },
      { version: 1, champion: false, bytes: 1000 },
    ]);
    await expect(storeModelVersion(database.db, newModel({ detector: 'nobody' }))).rejects.toMatchObject({
      code: 'FLOWLINE_DETECTOR_MISSING',
    });
    await expect(loadModelVersion(database.db, 'checkout', 3)).rejects.toMatchObject({
      code: 'FLOWLINE_MODEL_MISSING',
    });
  });

  it('has no champion until one is promoted, and replaces it only when it is the one that was compared', async () => {
    await storeModelVersion(database.db, newModel());
    await storeModelVersion(database.db, newModel());
    await expect(loadChampion(database.db, 'checkout')).rejects.toMatchObject({ code: 'FLOWLINE_MODEL_MISSING' });
    expect(await championVersion(database.db, 'checkout')).toBeNull();
    expect(await promote(database.db, 'checkout', 1, null)).toBe(true);
    expect(await promote(database.db, 'checkout', 2, null)).toBe(false);
    expect(await loadChampion(database.db, 'checkout')).toMatchObject({ version: 1 });
    expect(await promote(database.db, 'checkout', 2, 1)).toBe(true);
    expect(await championVersion(database.db, 'checkout')).toBe(2);
    await expect(promote(database.db, 'checkout', 9)).rejects.toMatchObject({ code: 'FLOWLINE_MODEL_MISSING' });
    expect(await championVersion(database.db, 'checkout')).toBe(2);
  });

  it.each([
    'UPDATE flowline.detector_versions SET version = 7',
    'DELETE FROM flowline.detector_versions',
    'TRUNCATE flowline.detector_versions CASCADE',
    'UPDATE flowline.model_versions SET alpha = 0.5',
    'DELETE FROM flowline.model_versions',
    'TRUNCATE flowline.model_versions CASCADE',
    `UPDATE flowline.model_artifacts SET bytes = 'x'`,
    'DELETE FROM flowline.model_artifacts',
  ])('refuses %s', async (statement) => {
    await storeModelVersion(database.db, newModel());
    await expect(database.query(statement)).rejects.toMatchObject({
      code: '23001',
      message: expect.stringMatching(/immutable/),
    });
  });

  it('refuses bytes under the checksum of others', async () => {
    const insert = database.query(`INSERT INTO flowline.model_artifacts VALUES (repeat('0', 64), 'x')`);
    await expect(insert).rejects.toMatchObject({ constraint: 'model_artifacts_content_check' });
  });

  it('does not load a model whose bytes were damaged', async () => {
    await storeModelVersion(database.db, newModel());
    await promote(database.db, 'checkout', 1);
    await database.query('ALTER TABLE flowline.model_artifacts DISABLE TRIGGER immutable');
    await database.query('ALTER TABLE flowline.model_artifacts DROP CONSTRAINT model_artifacts_content_check');
    await database.query('UPDATE flowline.model_artifacts SET bytes = set_byte(bytes, 500, get_byte(bytes, 500) # 1)');
    await expect(loadChampion(database.db, 'checkout')).rejects.toMatchObject({ code: 'FLOWLINE_MODEL_CORRUPTED' });
  });
});

describe('training runs', () => {
  const tick = new Date('2026-03-29T02:15:00Z');

  beforeEach(() => applyDetector(database.db, definition()));

  it('lets one of two sessions claim a tick', async () => {
    const second = await connect(database.url, { applicationName: 'second trainer' });
    const claims = await Promise.all([database.db, second].map((db) => claimScheduledRun(db, 'checkout', 1, tick)));
    await second.close();
    expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
    expect(await lastScheduledTime(database.db, 'checkout')).toEqual(tick);
  });

  it('lets a tick be claimed again when its trainer died, thrice in all, and never when it ended', async () => {
    for (const attempt of [1, 2, 3]) {
      expect(await claimScheduledRun(database.db, 'checkout', 1, tick)).toMatchObject({ attempt });
      expect(await abandonStaleRuns(database.db, 'checkout')).toBe(1);
      expect(await lastScheduledTime(database.db, 'checkout')).toBeNull();
    }
    expect(await claimScheduledRun(database.db, 'checkout', 1, tick)).toBeNull();
    const later = new Date('2026-03-30T02:15:00Z');
    const claimed = await claimScheduledRun(database.db, 'checkout', 1, later);
    if (claimed === null) throw new Error('the tick is not claimed');
    await failRun(database.db, claimed, new Error('no rows'));
    expect(await claimScheduledRun(database.db, 'checkout', 1, later)).toBeNull();
    expect(await lastScheduledTime(database.db, 'checkout')).toEqual(later);
  });

  it('lets a tick that failed for a reason that may pass be claimed again, once its wait is over', async () => {
    const first = await claimScheduledRun(database.db, 'checkout', 1, tick);
    if (first === null) throw new Error('the tick is not claimed');
    const retryAt = await postponeRun(database.db, first, new Error('away'), { seconds: 60, maxAttempts: 5 });
    expect(Math.abs((retryAt?.getTime() ?? 0) - Date.now() - 60_000)).toBeLessThan(10_000);
    expect(await claimScheduledRun(database.db, 'checkout', 1, tick)).toBeNull();
    expect(await lastScheduledTime(database.db, 'checkout')).toEqual(tick);
    await database.query('UPDATE flowline.training_runs SET retry_at = now()');
    expect(await lastScheduledTime(database.db, 'checkout')).toBeNull();
    const second = await claimScheduledRun(database.db, 'checkout', 1, tick);
    expect(second).toEqual({ runId: first.runId, attempt: 2 });
    // No attempt is left: it is up to the caller to end the run.
    expect(
      await postponeRun(database.db, { ...first, attempt: 2 }, new Error('away'), { seconds: 0, maxAttempts: 2 }),
    ).toBeNull();
    await failRun(database.db, { ...first, attempt: 2 }, new Error('away'));
    expect(await claimScheduledRun(database.db, 'checkout', 1, tick)).toBeNull();
  });

  it('has no further attempt at a run on demand, or at one whose cancellation was asked for', async () => {
    const backoff = { seconds: 0, maxAttempts: 5 };
    const onDemand = await startTrainingRun(database.db, 'checkout', 1);
    expect(await postponeRun(database.db, onDemand, new Error('away'), backoff)).toBeNull();
    const claimed = await claimScheduledRun(database.db, 'checkout', 1, tick);
    if (claimed === null) throw new Error('the tick is not claimed');
    await database.query(`UPDATE flowline.training_runs SET cancel_requested_at = now()`);
    expect(await postponeRun(database.db, claimed, new Error('away'), backoff)).toBeNull();
  });

  it('lets a request that failed for a reason that may pass wait for its next attempt', async () => {
    const { runId } = await requestTraining(database.db, { detector: 'checkout', promotion: null });
    const first = await claimRequestedRun(database.db, runId, 1);
    if (first === null) throw new Error('the request is not claimed');
    await storeCheckpoints(
      database.db,
      runId,
      new Map([
        [1, Uint8Array.of(1)],
        [0, Uint8Array.of(2)],
      ]),
    );
    await postponeRun(database.db, first, new Error('away'), { seconds: 60, maxAttempts: 5 });
    expect(await openTrainingRequests(database.db)).toEqual([]);
    await database.query('UPDATE flowline.training_runs SET retry_at = now()');
    expect(await openTrainingRequests(database.db)).toMatchObject([{ runId }]);
    expect(await claimRequestedRun(database.db, runId, 1)).toEqual({ runId, attempt: 2 });
    expect([...(await readCheckpoints(database.db, runId))].map(([member, bytes]) => [member, ...bytes])).toEqual([
      [0, 2],
      [1, 1],
    ]);
    await removeCheckpoints(database.db, runId);
    expect((await readCheckpoints(database.db, runId)).size).toBe(2);
    await failRun(database.db, { runId, attempt: 2 }, new Error('no rows'));
    await removeCheckpoints(database.db, runId);
    expect((await readCheckpoints(database.db, runId)).size).toBe(0);
  });

  it('tells what a run did, phase by phase', async () => {
    const attempt = await startTrainingRun(database.db, 'checkout', 1);
    await storeModelVersion(database.db, newModel());
    await recordProgress(database.db, attempt, 'read');
    await recordProgress(database.db, attempt, 'fit', [{ step: 0, trainNll: 3.5, validationNll: NaN }]);
    await recordProgress(database.db, attempt, 'fit', [{ step: 50, trainNll: 2.5, validationNll: 2.6 }]);
    await finishRun(database.db, attempt, { modelVersion: 1, promoted: true, metrics: { testNll: 2.7 } });
    const [run] = await listTrainingRuns(database.db, 'checkout');
    expect(run).toMatchObject({
      status: 'succeeded',
      scheduledFor: null,
      phases: [{ phase: 'starting' }, { phase: 'read' }, { phase: 'fit' }],
      curves: [{ step: 50, trainNll: 2.5, validationNll: 2.6 }],
      metrics: { testNll: 2.7 },
      modelVersion: 1,
      promoted: true,
      error: null,
    });
    await expect(recordProgress(database.db, attempt, 'again')).rejects.toMatchObject({ code: 'FLOWLINE_ABORTED' });
  });

  it('keeps the error of a run that failed', async () => {
    const attempt = await startTrainingRun(database.db, 'checkout', 1);
    await failRun(
      database.db,
      attempt,
      new FlowlineError('FLOWLINE_HISTORY_TOO_SMALL', '12 rows', { remedy: 'Wait.' }),
    );
    expect(await listTrainingRuns(database.db)).toMatchObject([
      { status: 'failed', error: { code: 'FLOWLINE_HISTORY_TOO_SMALL', message: '12 rows', remedy: 'Wait.' } },
    ]);
  });
});

describe('withTrainingLease', () => {
  it('lets one trainer in at a time, and the next once it has left', async () => {
    const second = await connect(database.url, { applicationName: 'second trainer' });
    await withTrainingLease(database.db, 'checkout', async () => {
      const busy = withTrainingLease(second, 'checkout', () => Promise.resolve('in'));
      await expect(busy).rejects.toMatchObject({ code: 'FLOWLINE_TRAINING_BUSY' });
      expect(await withTrainingLease(second, 'another', () => Promise.resolve('in'))).toBe('in');
    });
    expect(await withTrainingLease(second, 'checkout', () => Promise.resolve('in'))).toBe('in');
    await second.close();
  });

  it('gives the error of the work as it is', async () => {
    const failure = Object.assign(new Error('connection terminated by the work'), { code: 'ECONNREFUSED' });
    await expect(withTrainingLease(database.db, 'checkout', () => Promise.reject(failure))).rejects.toBe(failure);
    expect(await withTrainingLease(database.db, 'checkout', () => Promise.resolve('in'))).toBe('in');
  });

  it('aborts the work of a trainer that does not renew its lease in time, which the next one takes over', async () => {
    const second = await connect(database.url, { applicationName: 'second trainer' });
    const begin = await withTrainingLease(
      database.db,
      'checkout',
      async (signal) => {
        // A paused trainer resumes: its lease has expired, and another trainer holds it.
        await database.query(`UPDATE flowline.training_leases SET expires_at = now() - interval '1 second'`);
        const taken = withTrainingLease(second, 'checkout', () => aborted(signal), { leaseMs: 60_000 });
        return [await taken, signal.aborted];
      },
      // It renews every second: seldom enough for the other to come between.
      { leaseMs: 3_000 },
    );
    expect(begin).toEqual([expect.objectContaining({ code: 'FLOWLINE_ABORTED' }), true]);
    // The first trainer did not release the second's lease.
    expect(await withTrainingLease(second, 'checkout', () => Promise.resolve('in'))).toBe('in');
    await second.close();
  });

  it('holds for as long as the work goes on, far beyond one lease', async () => {
    const busy = await withTrainingLease(
      database.db,
      'checkout',
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        return withTrainingLease(database.db, 'checkout', () => Promise.resolve('in')).catch((error: unknown) => error);
      },
      { leaseMs: 600 },
    );
    expect(busy).toMatchObject({ code: 'FLOWLINE_TRAINING_BUSY' });
  });

  it('needs no session: no lock and no setting of it is left on a connection', async () => {
    await withTrainingLease(database.db, 'checkout', async () => {
      expect(
        await database.query(
          `SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory'
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        ),
      ).toEqual([{ n: 0 }]);
    });
  });
});

function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
  });
}

describe('promotion and roll-back', () => {
  beforeEach(async () => {
    await applyDetector(database.db, definition());
    for (const text of ['one', 'two', 'three']) {
      await storeModelVersion(database.db, newModel({ bytes: Buffer.from(text) }));
    }
  });

  it('remembers the champion before, and rolling back twice is as before', async () => {
    await promote(database.db, 'checkout', 1);
    await expect(rollBack(database.db, 'checkout')).rejects.toMatchObject({ code: 'FLOWLINE_MODEL_MISSING' });
    await promote(database.db, 'checkout', 3);
    expect(await modelAliases(database.db, 'checkout')).toEqual({ champion: 3, challenger: null, previous: 1 });
    expect(await rollBack(database.db, 'checkout')).toEqual({ from: 3, to: 1 });
    expect(await modelAliases(database.db, 'checkout')).toEqual({ champion: 1, challenger: null, previous: 3 });
    expect(await readInForce(database.db, 'checkout')).toMatchObject({
      heldVersion: 3,
      heldCode: 'FLOWLINE_MODEL_HELD',
      heldReason: 'it was rolled back to version 1',
    });
    expect(await rollBack(database.db, 'checkout')).toEqual({ from: 1, to: 3 });
    expect(await readInForce(database.db, 'checkout')).toMatchObject({ heldVersion: null, heldReason: null });
  });

  it('keeps what is held back as the challenger with its reason, until it or a newer one is promoted', async () => {
    await promote(database.db, 'checkout', 1);
    await promote(database.db, 'checkout', 2);
    const held = { version: 3, code: 'FLOWLINE_MODEL_HELD', reason: 'it alarms too often', remedy: 'Look at it.' };
    await holdModel(database.db, 'checkout', held);
    await rollBack(database.db, 'checkout');
    expect(await modelAliases(database.db, 'checkout')).toEqual({ champion: 1, challenger: 3, previous: 2 });
    expect(await readInForce(database.db, 'checkout')).toMatchObject({ heldVersion: 3, heldReason: held.reason });
    expect(await listModels(database.db, 'checkout')).toMatchObject([
      { version: 3, aliases: ['challenger'] },
      { version: 2, aliases: ['previous'] },
      { version: 1, aliases: ['champion'], champion: true },
    ]);
    await promote(database.db, 'checkout', 3);
    expect(await modelAliases(database.db, 'checkout')).toEqual({ champion: 3, challenger: null, previous: 1 });
  });

  it('says what scores, since when it is so, and that it was seen again', async () => {
    const state = {
      detector: 'checkout',
      detectorVersion: 1,
      modelVersion: 1,
      alpha: 0.001,
      alphaNote: null,
      fault: null,
    };
    await reportScoring(database.db, state);
    const first = await readInForce(database.db, 'checkout');
    await reportScoring(database.db, state);
    const again = await readInForce(database.db, 'checkout');
    expect(again).toMatchObject({ modelVersion: 1, alpha: 0.001, since: first?.since });
    expect(again?.seenAt?.getTime()).toBeGreaterThan(first?.seenAt?.getTime() ?? NaN);
    await reportScoring(database.db, { ...state, alpha: 0.05 });
    const changed = await readInForce(database.db, 'checkout');
    expect(changed?.alpha).toBe(0.05);
    expect(changed?.since?.getTime()).toBeGreaterThan(first?.since?.getTime() ?? NaN);
  });
});
