import { type DetectorDefinition, readDefinition } from '@flowline/config';
import { type Database, getDetector, loadChampion, loadModelVersion, type StoredModel } from '@flowline/db';

import { alphaOfStored } from './alpha-of-stored.ts';
import type { EventNames } from './event-names.ts';

/** Model of a detector with what the definition in force says of its scoring. */
export interface ModelInForce extends StoredModel {
  /** Alpha by the definition in force. */
  readonly alpha: number;
  readonly compute: DetectorDefinition['compute'];
  readonly names: EventNames;
}

/**
 * Loads a model of a detector, or its champion if no version is named, with the alpha and the
 * compute options in force.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING, FLOWLINE_MODEL_MISSING,
 * FLOWLINE_MODEL_CORRUPTED.
 */
export async function modelInForce(
  db: Database,
  detector: string,
  modelVersion: number | null = null,
): Promise<ModelInForce> {
  const { definition, version } = await getDetector(db, detector);
  const inForce = readDefinition(definition, `${detector}, version ${version}`);
  const model = await (modelVersion === null
    ? loadChampion(db, detector)
    : loadModelVersion(db, detector, modelVersion));
  const { alpha } = await alphaOfStored(db, model);
  const names = { time: inForce.source.time, id: inForce.source.eventId };
  return { ...model, alpha, compute: inForce.compute, names };
}
