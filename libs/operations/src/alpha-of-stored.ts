import { type DetectorDefinition, readDefinition } from '@flowline/config';
import { type Database, eventsPerDayOf, getDetector, getDetectorVersion, type StoredModel } from '@flowline/db';
import type { AlphaInForce } from '@flowline/detector';

/** Parts of a stored model from which its alpha follows. */
export type AlphaModel = Pick<StoredModel, 'detector' | 'detectorVersion' | 'alpha' | 'manifest'>;

/**
 * Alpha that a scorer uses with a stored model: by the definition in force, or by another control,
 * whichever version the model was trained for.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING, or FLOWLINE_CONFIG_INVALID if a stored
 * definition cannot be read.
 */
export async function alphaOfStored(
  db: Database,
  model: AlphaModel,
  control?: DetectorDefinition['decision']['control'],
): Promise<AlphaInForce> {
  const { alphaInForce } = await import('@flowline/detector');
  const { detector, detectorVersion, alpha, manifest } = model;
  const [inForce, trainedFor] = [
    await getDetector(db, detector),
    await getDetectorVersion(db, detector, detectorVersion),
  ];
  const controlOf = ({ version, definition }: { readonly version: number; readonly definition: unknown }) =>
    readDefinition(definition, `${detector}, version ${version}`).decision.control;
  const trained = { alpha, control: controlOf(trainedFor), eventsPerDay: eventsPerDayOf(manifest) };
  return alphaInForce(control ?? controlOf(inForce), trained);
}
