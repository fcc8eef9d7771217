import { type DetectorDefinition, readDefinition } from '@flowline/config';
import { type Database, getDetector, listDetectors, type StoredDetector } from '@flowline/db';

/** Reads the definition of a detector in force. @throws FlowlineError FLOWLINE_DETECTOR_MISSING. */
export async function definitionInForce(db: Database, detector: string): Promise<DetectorDefinition> {
  const { definition, version } = await getDetector(db, detector);
  return readDefinition(definition, `${detector}, version ${version}`);
}

/** Reads the definitions in force of all detectors, by name. */
export async function definitionsInForce(db: Database): Promise<DetectorDefinition[]> {
  return (await listDetectors(db)).map(definitionOf);
}

/** Reads the definition of a stored detector. */
export const definitionOf = ({ name, version, definition }: StoredDetector): DetectorDefinition =>
  readDefinition(definition, `${name}, version ${version}`);
