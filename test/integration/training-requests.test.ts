import {
  applyDetector,
  championVersion,
  claimRequestedRun,
  failRun,
  finishRun,
  listTrainingRuns,
  openTrainingRequests,
  recordProgress,
  reportStage,
} from '@flowline/db';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { startTestApi, type TestApi, type TestRequest, type TestResponse } from '../support/api.ts';
import { documentedCall } from '../support/documented-call.ts';
import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { type ServiceProcess, startCli, startTrainer } from '../support/scorer-process.ts';
import { until } from '../support/until.ts';
import { createReadings, endlessTraining, leaseRunsOut, makeReadings, readingsDefinition } from './trainer-fixture.ts';

const TIMEOUT_MS = 180_000;

let postgres: TestPostgres;
let database: TestDatabase;
let api: TestApi;
let token: string;
const running: ServiceProcess[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
});
beforeEach(async () => {
  database = await postgres.createDatabase();
  await createReadings(database, makeReadings(3000, 1));
  await applyDetector(database.db, readingsDefinition({ steps: 100 }));
  api = await startTestApi(database.db);
  token = await api.token({ name: 'ann', scope: 'operate' });
});
afterEach(async () => {
  for (const { child } of running.splice(0)) child.kill('SIGKILL');
  await api.close();
});
afterAll(() => postgres.stop());

function serve(): ServiceProcess {
  const trainer = startTrainer(['serve'], { FLOWLINE_DATABASE_URL: database.url });
  running.push(trainer);
  return trainer;
}

const call = (methodAndPath: string, request: TestRequest = {}): Promise<TestResponse> =>
  documentedCall(api, methodAndPath, { token, ...request });
const start = (request: TestRequest = {}) => call('POST /v1/detectors/readings/training-runs', request);
const read = async (runId: unknown) => (await call(`GET /v1/training-runs/${String(runId)}`)).body;
const cancel = (runId: unknown) => call(`POST /v1/training-runs/${String(runId)}/cancel`);
const codeOf = ({ status, body }: TestResponse) => [status, body.code];

/** Waits until a run has a status; tells of the trainer if it does not come to that. */
const untilStatus = (runId: unknown, status: string, trainer?: ServiceProcess, timeoutMs = 60_000) =>
  until(`the status ${status}`, async () => (await read(runId)).status === status, {
    timeoutMs,
    detail: () => trainer?.stderr() ?? '',
  });

/** Waits until a run that does not end by itself trains. */
const untilTraining = (runId: unknown, trainer: ServiceProcess) =>
  until('steps of the training', async () => Number((await read(runId)).progress?.['step' as never]) > 0, {
    timeoutMs: 60_000,
    detail: () => trainer.stderr(),
  });

describe('a requested training', () => {
  it(
    'waits for a trainer and says so, trains, tells its progress, and ends with a model',
    async () => {
      await applyDetector(database.db, readingsDefinition({ steps: 300, compute: '{ training: wasm }' }));
      const asked = await start({ body: { promotion: 'always' } });
      const { runId } = asked.body;
      expect(asked.status).toBe(202);
      expect(asked.headers.get('location')).toBe(`/v1/training-runs/${String(runId)}`);
      expect(asked.body).toMatchObject({
        ...{ status: 'requested', requestedBy: 'ann', promotion: 'always', startedAt: null, progress: null },
        note: expect.stringContaining('No trainer is running'),
      });
      const trainer = serve();
      await untilTraining(runId, trainer);
      const during = await read(runId);
      expect(during).toMatchObject({
        ...{ status: 'running', phase: 'train', note: null, detectorVersion: 2 },
        progress: { stage: 'train', steps: 300 },
      });
      const { share, step } = during.progress as { share: number; step: number };
      expect(share).toBeCloseTo(step / 300, 6);
      await untilStatus(runId, 'succeeded', trainer);
      expect(await read(runId)).toMatchObject({ modelVersion: 1, promoted: true, progress: null, note: null });
      expect(await championVersion(database.db, 'readings')).toBe(1);
      expect(codeOf(await cancel(runId))).toEqual([409, 'FLOWLINE_CONFLICT']);
    },
    TIMEOUT_MS,
  );

  it(
    'is cancelled within seconds while it trains, and the trainer serves the next',
    async () => {
      await applyDetector(database.db, readingsDefinition(endlessTraining));
      const trainer = serve();
      const { runId } = (await start()).body;
      await untilTraining(runId, trainer);
      const asked = await cancel(runId);
      expect([asked.status, asked.body.status, asked.body.note]).toEqual([202, 'running', 'It is being cancelled.']);
      await untilStatus(runId, 'cancelled', trainer, 5_000);
      expect(await read(runId)).toMatchObject({
        ...{ cancelledBy: 'ann', modelVersion: null, note: null },
        error: { code: 'FLOWLINE_ABORTED', message: 'Training was cancelled by ann; the champion is unchanged.' },
      });
      expect((await cancel(runId)).status).toBe(200);
      await applyDetector(database.db, readingsDefinition({ steps: 20 }));
      const next = (await start()).body;
      await untilStatus(next.runId, 'succeeded', trainer);
    },
    TIMEOUT_MS,
  );

  it(
    'whose trainer is killed is taken up again by the next, or is cancelled',
    async () => {
      await applyDetector(database.db, readingsDefinition(endlessTraining));
      const first = serve();
      const { runId } = (await start()).body;
      await untilTraining(runId, first);
      first.child.kill('SIGKILL');
      await first.ended;
      expect(await read(runId)).toMatchObject({ status: 'running', note: null });
      await database.query(leaseRunsOut);
      expect((await read(runId)).note).toContain('has stopped without a word');
      const second = serve();
      await until('the second attempt', async () => (await read(runId)).attempt === 2);
      await untilTraining(runId, second);
      expect(codeOf(await start())).toEqual([409, 'FLOWLINE_TRAINING_BUSY']);
      second.child.kill('SIGKILL');
      await second.ended;
      await database.query(leaseRunsOut);
      expect((await cancel(runId)).body).toMatchObject({ status: 'cancelled', attempt: 2, progress: null });
    },
    TIMEOUT_MS,
  );

  it('is given up after three attempts', async () => {
    const { runId } = (await start()).body;
    await database.query(`UPDATE flowline.training_runs SET status = 'running', phase = 'train', attempt = 3`);
    const second = await start();
    expect([second.status, (await read(runId)).status]).toEqual([202, 'abandoned']);
  });

  it('of a detector is one at a time, and a repeat with its key is the same', async () => {
    const headers = { 'idempotency-key': 'once' };
    const first = await start({ headers });
    const again = await start({ headers });
    expect([again.body.runId, again.headers.get('idempotency-replayed')]).toEqual([first.body.runId, 'true']);
    const other = await start();
    expect(codeOf(other)).toEqual([409, 'FLOWLINE_TRAINING_BUSY']);
    expect(other.body.detail).toContain(`Training run ${String(first.body.runId)} of readings is requested already`);
    expect((await cancel(first.body.runId)).body).toMatchObject({ status: 'cancelled', startedAt: null });
    const all = await Promise.all([start(), start(), start()]);
    expect(all.map(({ status }) => status).sort()).toEqual([202, 409, 409]);
  });

  it('that another trainer has taken up is not ended by the one that stood still meanwhile', async () => {
    const { db } = database;
    const { runId } = (await start()).body;
    const claim = async () => {
      const attempt = await claimRequestedRun(db, Number(runId), 1);
      if (attempt === null) throw new Error('the request does not wait');
      return attempt;
    };
    const former = await claim();
    // Nobody holds the lease: the trainer was stopped, or cut off.
    await openTrainingRequests(db);
    const current = await claim();
    const over = { code: 'FLOWLINE_ABORTED' };
    await expect(reportStage(db, former, null)).rejects.toMatchObject(over);
    await expect(recordProgress(db, former, 'train')).rejects.toMatchObject(over);
    await expect(finishRun(db, former, { modelVersion: 1, promoted: true, metrics: {} })).rejects.toMatchObject(over);
    await failRun(db, former, new Error('the lease was lost'));
    expect(await read(runId)).toMatchObject({ status: 'running', attempt: 2, phase: 'starting', error: null });
    expect(await reportStage(db, current, null)).toBeNull();
    await failRun(db, current, new Error('no rows'));
    expect((await read(runId)).status).toBe('failed');
  });

  it('of a detector that is deleted fails, and says why', async () => {
    const { runId } = (await start()).body;
    await database.query(`UPDATE flowline.detectors SET state = 'deleted'`);
    const trainer = serve();
    await untilStatus(runId, 'failed', trainer);
    expect(await read(runId)).toMatchObject({ error: { code: 'FLOWLINE_DETECTOR_MISSING' }, startedAt: null });
  });

  it('of another detector does not exist for a token', async () => {
    const { runId } = (await start()).body;
    const other = await api.token({ scope: 'operate', detectors: ['other'] });
    expect((await call(`POST /v1/training-runs/${String(runId)}/cancel`, { token: other })).status).toBe(404);
    expect((await call('POST /v1/detectors/readings/training-runs', { token: other })).status).toBe(403);
    expect((await read(runId)).status).toBe('requested');
  });
});

describe('flowline trainings', () => {
  it(
    'requests, lists, shows and cancels',
    async () => {
      const flowline = async (...args: readonly string[]) => {
        const cli = startCli(['trainings', ...args], { FLOWLINE_DATABASE_URL: database.url });
        return { code: await cli.ended, out: cli.stdout(), err: cli.stderr() };
      };
      const asked = await flowline('start', 'readings', '--promote', 'never', '--json');
      const { runId, promotion } = JSON.parse(asked.out) as { runId: number; promotion: string };
      expect(promotion).toBe('never');
      expect(await flowline('start', 'readings')).toMatchObject({
        code: 1,
        err: expect.stringContaining(`Training run ${runId} of readings is requested already`),
      });
      expect((await flowline('ls', 'readings')).out).toMatch(/requested .*No trainer is running/);
      await database.query(`UPDATE flowline.training_runs SET status = 'running', phase = 'train',
        progress = '{"stage": "train", "share": 0.5, "step": 5, "steps": 10}'`);
      expect((await flowline('show', String(runId))).out).toContain('running, train 50 %, step 5 of 10');
      expect((await flowline('cancel', String(runId))).out).toContain('status   cancelled');
      expect(await flowline('show', '999')).toMatchObject({
        code: 1,
        err: expect.stringContaining('no training run 999'),
      });
    },
    TIMEOUT_MS,
  );
});

describe('a training that was not requested', () => {
  it(
    'is cancelled, too',
    async () => {
      await applyDetector(database.db, readingsDefinition(endlessTraining));
      const trainer = startTrainer(['--once', 'readings'], { FLOWLINE_DATABASE_URL: database.url });
      running.push(trainer);
      await until('its run', async () => (await listTrainingRuns(database.db, 'readings'))[0]?.phase === 'train');
      const [run] = await listTrainingRuns(database.db, 'readings');
      await cancel(run?.runId);
      expect(await trainer.ended).toBe(1);
      expect(trainer.stderr()).toContain('Training was cancelled by ann');
      expect((await read(run?.runId)).status).toBe('cancelled');
    },
    TIMEOUT_MS,
  );
});
