import { loadSettings } from '@flowline/config';

import { checkDatabase } from './check-database.ts';
import { checkKafka } from './check-kafka.ts';
import { checkBackends, checkNode, checkTraining } from './check-machine.ts';
import { type DoctorFinding, finding, ok } from './finding.ts';

/** Checks all prerequisites. A check is skipped if another check that it depends on has failed. */
export async function examine(): Promise<DoctorFinding[]> {
  const node = checkNode(process.version);
  const settings = await finding('settings', () => {
    loadSettings();
    return ok('settings', 'the environment is valid');
  });
  if (settings.status !== 'ok') return [node, settings, ...(await checkBackends(null)), await checkTraining('wasm')];
  const { scoring, database, kafka, backend } = loadSettings();
  const machine = [...(await checkBackends(scoring.backend)), await checkTraining(backend)];
  const { findings, ...detectors } = await checkDatabase(database.url);
  return [node, settings, ...machine, ...findings, ...(await checkKafka(kafka, detectors))];
}
