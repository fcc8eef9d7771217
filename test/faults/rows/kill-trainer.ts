import { applyDetector, listModels, listTrainingRuns, loadChampion, loadModelVersion } from '@flowline/db';
import { loadBundle } from '@flowline/detector';

import {
  createReadings,
  leaseRunsOut,
  longTraining,
  makeReadings,
  readingsDefinition,
  trainingHolds,
} from '../../integration/trainer-fixture.ts';
import { startTrainer } from '../../support/scorer-process.ts';
import { until } from '../../support/until.ts';
import type { Scenario } from '../scenario.ts';

export const killTrainer: Scenario = {
  id: 'R8',
  name: 'kill-trainer',
  title: 'the trainer is killed in each phase',
  run: async (stage) => {
    const database = await stage.createDatabase();
    const env = { FLOWLINE_DATABASE_URL: database.url };
    await createReadings(database, makeReadings(3_000, 1));
    await applyDetector(database.db, readingsDefinition({ steps: 20 }));
    const first = startTrainer(['--once', 'readings'], env);
    const firstCode = await first.ended;
    const before = await loadChampion(database.db, 'readings');
    const blocker = await database.client();
    const repeats = stage.quick ? 1 : 3;
    let kills = 0;
    let halfChampions = 0;
    for (let repeat = 0; repeat < repeats; repeat++) {
      for (const [phase, lock] of Object.entries(trainingHolds)) {
        stage.say(`killed while: ${phase}`);
        // Nothing holds the training itself: it must last until it is seen.
        await applyDetector(database.db, readingsDefinition(phase === 'train' ? longTraining : { steps: 20 }));
        await blocker.query('BEGIN');
        await blocker.query(lock);
        const { child, ended, stderr } = startTrainer(['--once', 'readings'], env);
        const isThere = async () =>
          (await listTrainingRuns(database.db, 'readings')).some(
            (run) => run.status === 'running' && run.phase === phase,
          );
        await until(`the phase ${phase}`, isThere, { everyMs: 20, detail: stderr });
        child.kill('SIGKILL');
        if ((await ended) === 'SIGKILL') kills++;
        await blocker.query('ROLLBACK');
        await blocker.query(leaseRunsOut);
        const champion = await loadChampion(database.db, 'readings');
        if (champion.version !== before.version || champion.sha256 !== before.sha256) halfChampions++;
        loadBundle(champion.bytes, champion.sha256);
      }
    }
    const last = startTrainer(['--once', 'readings'], env);
    const lastCode = await last.ended;
    const models = await listModels(database.db, 'readings');
    let broken = 0;
    for (const { version } of models) {
      const { bytes, sha256 } = await loadModelVersion(database.db, 'readings', version);
      if (loadBundle(bytes, sha256).metadata.detector !== 'readings') broken++;
    }
    const runs = await listTrainingRuns(database.db, 'readings');
    return {
      events: kills,
      lost: 0,
      duplicated: 0,
      recoverySeconds: null,
      claims: {
        'trained before and after': firstCode === 0 && lastCode === 0,
        'killed in every phase': kills === repeats * Object.keys(trainingHolds).length,
        'the champion stayed wholly the old one': halfChampions === 0,
        'every model that is visible is whole': broken === 0,
        'what the killed ones left is marked': runs.filter(({ status }) => status === 'abandoned').length === kills,
      },
      counts: { kills, models: models.length },
    };
  },
};
