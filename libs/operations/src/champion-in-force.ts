import { type DetectorDefinition, readDefinition } from '@flowline/config';
import { type Database, getDetector, loadChampion, type StoredModel } from '@flowline/db';

import { alphaOfStored } from './alpha-of-stored.ts';
import type { EventNames } from './event-names.ts';

/** Champion of a detector with what the definition in force says of its scoring. */
export interface ChampionInForce extends StoredModel {
  /** Alpha by the definition in force. */
  readonly alpha: number;
  readonly compute: DetectorDefinition['compute'];
  readonly names: EventNames;
}

/**
 * Loads the champion of a detector, with the alpha and the compute options in force.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING, FLOWLINE_MODEL_MISSING,
 * FLOWLINE_MODEL_CORRUPTED.
 */
export async function championInForce(db: Database, detector: string): Promise<ChampionInForce> {
  const { definition, version } = await getDetector(db, detector);
  const inForce = readDefinition(definition, `${detector}, version ${version}`);
  const champion = await loadChampion(db, detector);
  const { alpha } = await alphaOfStored(db, champion);
  const names = { time: inForce.source.time, id: inForce.source.eventId };
  return { ...champion, alpha, compute: inForce.compute, names };
}
