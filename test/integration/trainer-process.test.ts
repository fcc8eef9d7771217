import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  applyDetector,
  championVersion,
  listModels,
  listTrainingRuns,
  loadChampion,
  loadModelVersion,
} from '@flowline/db';
import { loadBundle } from '@flowline/detector';
import type { FlowlineError } from '@flowline/events';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import {
  startTrainer as startTrainerProcess,
  type ServiceProcess as TrainerProcess,
} from '../support/scorer-process.ts';
import { until } from '../support/until.ts';
import {
  createReadings,
  leaseRunsOut,
  longTraining,
  makeReadings,
  readingsDefinition,
  trainingHolds,
} from './trainer-fixture.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

const running: TrainerProcess[] = [];
afterEach(() => {
  for (const { child } of running.splice(0)) child.kill('SIGKILL');
});

function startTrainer(url: string, args: readonly string[]): TrainerProcess {
  const trainer = startTrainerProcess(args, { FLOWLINE_DATABASE_URL: url });
  running.push(trainer);
  return trainer;
}

const phaseOf = async ({ db }: TestDatabase): Promise<string | undefined> =>
  (await listTrainingRuns(db, 'readings')).find((run) => run.status === 'running')?.phase;

async function database(schedule?: string): Promise<TestDatabase> {
  const test = await postgres.createDatabase();
  await createReadings(test, makeReadings(3000, 1));
  await applyDetector(test.db, readingsDefinition({ steps: 20, ...(schedule === undefined ? {} : { schedule }) }));
  return test;
}

describe('a trainer killed in any phase', () => {
  it('leaves the champion wholly old; the next run takes over and marks what it left', async () => {
    const test = await database();
    const first = startTrainer(test.url, ['--once', 'readings', '--json']);
    expect(await first.ended).toBe(0);
    expect(JSON.parse(first.stdout())).toMatchObject({ modelVersion: 1, promoted: true });
    const before = await loadChampion(test.db, 'readings');
    const blocker = await test.client();

    for (const [phase, lock] of Object.entries(trainingHolds)) {
      // Nothing holds the training itself: it must last until it is seen.
      await applyDetector(test.db, readingsDefinition(phase === 'train' ? longTraining : { steps: 20 }));
      await blocker.query('BEGIN');
      await blocker.query(lock);
      const { child, ended } = startTrainer(test.url, ['--once', 'readings']);
      await until(`the phase ${phase}`, async () => (await phaseOf(test)) === phase, { everyMs: 20 });
      child.kill('SIGKILL');
      expect(await ended).toBe('SIGKILL');
      await blocker.query('ROLLBACK');
      await blocker.query(leaseRunsOut);

      const champion = await loadChampion(test.db, 'readings');
      expect([phase, champion.version, champion.sha256]).toEqual([phase, 1, before.sha256]);
      expect(loadBundle(champion.bytes, champion.sha256).metadata.detector).toBe('readings');
    }

    const last = startTrainer(test.url, ['--once', 'readings', '--json']);
    expect(await last.ended).toBe(0);
    const runs = await listTrainingRuns(test.db, 'readings');
    expect(runs.map(({ status }) => status)).toEqual([
      'succeeded',
      ...Object.keys(trainingHolds).map(() => 'abandoned'),
      'succeeded',
    ]);
    // A run killed after it stored its model leaves a complete version that is not in use.
    for (const { version } of await listModels(test.db, 'readings')) {
      const model = await loadModelVersion(test.db, 'readings', version);
      expect(loadBundle(model.bytes, model.sha256).metadata.detector).toBe('readings');
    }
    expect(await championVersion(test.db, 'readings')).toBe(
      (JSON.parse(last.stdout()) as { modelVersion: number }).modelVersion,
    );
  }, 180_000);
});

describe('a trainer that is told to stop in any phase', () => {
  it('ends although what it waits for does not come, says so in its run, and leaves the champion', async () => {
    const test = await database();
    const first = startTrainer(test.url, ['--once', 'readings', '--json']);
    expect(await first.ended).toBe(0);
    const blocker = await test.client();
    for (const [phase, lock] of Object.entries(trainingHolds)) {
      if (phase === 'train') continue;
      await blocker.query('BEGIN');
      await blocker.query(lock);
      const { child, ended } = startTrainer(test.url, ['--once', 'readings']);
      await until(`the phase ${phase}`, async () => (await phaseOf(test)) === phase);
      child.kill('SIGTERM');
      expect([phase, await ended]).toEqual([phase, 1]);
      await blocker.query('ROLLBACK');
      const [run] = await listTrainingRuns(test.db, 'readings');
      expect([phase, run?.status, run?.error]).toMatchObject([phase, 'failed', { code: 'FLOWLINE_ABORTED' }]);
      expect(await championVersion(test.db, 'readings')).toBe(1);
    }
  }, 180_000);
});

describe('a serving trainer', () => {
  it('makes up for a missed run at start, once for two trainers, and ends in order on SIGTERM', async () => {
    const test = await database('15 2 * * *');
    await test.query("UPDATE flowline.detectors SET applied_at = now() - interval '3 days'");
    const trainers = [startTrainer(test.url, ['serve']), startTrainer(test.url, ['serve'])];
    await until('a finished run', async () =>
      (await listTrainingRuns(test.db, 'readings')).some(({ status }) => status === 'succeeded'),
    );
    await until('both trainers wait', () => trainers.every(({ stderr }) => stderr().includes('waits for schedules')));
    for (const { child } of trainers) child.kill('SIGTERM');
    for (const { ended } of trainers) expect(await ended).toBe(0);

    const runs = await listTrainingRuns(test.db, 'readings');
    expect(runs).toHaveLength(1);
    const scheduledFor = runs[0]?.scheduledFor ?? new Date(NaN);
    expect(scheduledFor.toISOString()).toMatch(/T02:15:00\.000Z$/);
    expect(Date.now() - scheduledFor.getTime()).toBeLessThan(86_400_000);
    expect(await championVersion(test.db, 'readings')).toBe(1);
  }, 120_000);

  it.each([
    { family: 'realNVP', steps: 1_500 },
    { family: 'auto', steps: 300 },
  ])(
    'goes on from its checkpoints after a SIGTERM and a restart, to the same model: $family',
    async (model) => {
      const definition = readingsDefinition({ schedule: '15 2 * * *', ...model });
      const test = await database('15 2 * * *');
      await applyDetector(test.db, definition);
      await test.query("UPDATE flowline.detectors SET applied_at = now() - interval '3 days'");
      const stepOf = async () => {
        const [run] = await listTrainingRuns(test.db, 'readings');
        return (run?.progress as { step?: number } | null)?.step ?? 0;
      };
      const interrupted = startTrainer(test.url, ['serve']);
      await until('steps of the training', async () => (await stepOf()) > 0, { detail: () => interrupted.stderr() });
      interrupted.child.kill('SIGTERM');
      expect(await interrupted.ended).toBe(0);
      const [stopped] = await listTrainingRuns(test.db, 'readings');
      expect(stopped).toMatchObject({ status: 'failed', attempt: 1, error: { code: 'FLOWLINE_ABORTED' } });

      const next = startTrainer(test.url, ['serve']);
      await until(
        'a finished run',
        async () => (await listTrainingRuns(test.db, 'readings'))[0]?.status === 'succeeded',
      );
      next.child.kill('SIGTERM');
      expect(await next.ended).toBe(0);
      expect(next.stderr()).toContain('the training goes on from its checkpoints');
      expect(next.stderr()).not.toContain('begins anew');
      const runs = await listTrainingRuns(test.db, 'readings');
      expect(runs).toMatchObject([{ status: 'succeeded', attempt: 2, modelVersion: 1 }]);
      expect(await test.query('SELECT FROM flowline.training_checkpoints')).toEqual([]);

      const whole = await database();
      await applyDetector(whole.db, definition);
      expect(await startTrainer(whole.url, ['--once', 'readings']).ended).toBe(0);
      expect((await loadChampion(test.db, 'readings')).sha256).toBe((await loadChampion(whole.db, 'readings')).sha256);
    },
    300_000,
  );

  it('cancels the training in progress on SIGTERM, and says so in its run', async () => {
    const test = await database('15 2 * * *');
    await applyDetector(test.db, readingsDefinition({ ...longTraining, schedule: '15 2 * * *' }));
    await test.query("UPDATE flowline.detectors SET applied_at = now() - interval '3 days'");
    const trainer = startTrainer(test.url, ['serve']);
    await until('the phase train', async () => (await phaseOf(test)) === 'train', { everyMs: 20 });
    trainer.child.kill('SIGTERM');
    expect(await trainer.ended).toBe(0);
    const [run] = await listTrainingRuns(test.db, 'readings');
    expect(run).toMatchObject({ status: 'failed', error: { code: 'FLOWLINE_ABORTED' } });
    expect(await championVersion(test.db, 'readings')).toBeNull();
  }, 120_000);
});

describe('how the trainer is called', () => {
  it('says that a detector is missing', async () => {
    const test = await postgres.createDatabase();
    const trainer = startTrainer(test.url, ['--once', 'nobody']);
    expect(await trainer.ended).toBe(1);
    expect(trainer.stderr()).toContain('error FLOWLINE_DETECTOR_MISSING: There is no detector nobody.');
    expect(trainer.stderr()).toContain('remedy: Apply its file');
  });

  it('says which database does not answer, without the password', async () => {
    const trainer = startTrainer('postgres://me:hunter2@127.0.0.1:1/none', ['--once', 'readings', '--json']);
    expect(await trainer.ended).toBe(1);
    const { error } = JSON.parse(trainer.stdout()) as { error: FlowlineError };
    expect(error).toMatchObject({ code: 'FLOWLINE_DATABASE_UNREACHABLE' });
    expect(trainer.stdout() + trainer.stderr()).not.toContain('hunter2');
  });
});
