import { getDetector, loadChampion, loadModelVersion } from '@flowline/db';

import { parseCount } from './parse-options.ts';
import { withDatabase } from './with-database.ts';

/**
 * Loads a model of a detector from the database: the version that the argument `version` names, or
 * the champion.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING, FLOWLINE_MODEL_MISSING, or FLOWLINE_USAGE for an
 * invalid version.
 */
export function storedModel(detector: string, argument: string | undefined): ReturnType<typeof loadChampion> {
  const version = argument === undefined ? null : parseCount('[version]', argument);
  return withDatabase(async (db) => {
    await getDetector(db, detector);
    return version === null ? loadChampion(db, detector) : loadModelVersion(db, detector, version);
  });
}
