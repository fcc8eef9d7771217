import type { DetectorDefinition } from '@flowline/config';
import type { Database } from '@flowline/db';
import type { DetectorTrainingSpec } from '@flowline/detector';
import type { Logger } from '@flowline/telemetry';

import { readChampion } from './read-champion.ts';

/** Champion that a training starts from, if its detector asks for a warm start. */
export async function warmStartOf({
  db,
  logger,
  definition: { name, training },
}: {
  readonly db: Database;
  readonly logger: Logger;
  readonly definition: Pick<DetectorDefinition, 'name' | 'training'>;
}): Promise<Pick<DetectorTrainingSpec, 'warmStart'>> {
  if (!training.warmStart) return {};
  const champion = await readChampion(db, logger, name);
  if (champion === null) return { warmStart: { champion: null, problem: 'there is no champion yet' } };
  const { version, bundle } = champion;
  if (bundle === null) {
    return { warmStart: { champion: null, problem: `champion ${version} cannot be read (${champion.code})` } };
  }
  return { warmStart: { champion: bundle, version, sha256: champion.sha256 } };
}
