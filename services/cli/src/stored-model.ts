import { getDetector, loadChampion, loadModelVersion } from '@flowline/db';

import { parseCount } from './parse-options.ts';
import { withDatabase } from './with-database.ts';

/**
 * Loads a model of a detector from the database: the version that the option `--version` names, or
 * the champion.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING, FLOWLINE_MODEL_MISSING, or FLOWLINE_USAGE for an
 * invalid version.
 */
export function storedModel(detector: string, option: string | undefined): ReturnType<typeof loadChampion> {
  const version = option === undefined ? null : parseCount('--version', option);
  return withDatabase(async (db) => {
    await getDetector(db, detector);
    return version === null ? loadChampion(db, detector) : loadModelVersion(db, detector, version);
  });
}
