import { readDefinition } from '@flowline/config';
import { type Database, eventsPerDayOf, getDetector, getDetectorVersion, type StoredModel } from '@flowline/db';
import type { AlphaInForce } from '@flowline/detector';

/**
 * Alpha that a scorer uses with a stored model: by the definition in force, whichever version the
 * model was trained for.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING, or FLOWLINE_CONFIG_INVALID if a stored
 * definition cannot be read.
 */
export async function alphaOfStored(db: Database, model: StoredModel): Promise<AlphaInForce> {
  const { alphaInForce } = await import('@flowline/detector');
  const { detector, detectorVersion, alpha, manifest } = model;
  const [inForce, trainedFor] = [
    await getDetector(db, detector),
    await getDetectorVersion(db, detector, detectorVersion),
  ];
  const controlOf = ({ version, definition }: { readonly version: number; readonly definition: unknown }) =>
    readDefinition(definition, `${detector}, version ${version}`).decision.control;
  const trained = { alpha, control: controlOf(trainedFor), eventsPerDay: eventsPerDayOf(manifest) };
  return alphaInForce(controlOf(inForce), trained);
}
