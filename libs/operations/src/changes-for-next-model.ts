import { type DetectorDefinition, modelChanges, readDefinition } from '@flowline/config';
import { type Database, getDetectorVersion, listModels } from '@flowline/db';

/** Changes of a definition that its newest model does not know; empty if there is no model yet. */
export async function changesForNextModel(db: Database, definition: DetectorDefinition): Promise<string[]> {
  const { name } = definition;
  const [newest] = await listModels(db, name);
  if (newest === undefined) return [];
  const { definition: trainedFor } = await getDetectorVersion(db, name, newest.detectorVersion);
  return modelChanges(readDefinition(trainedFor, `${name}, version ${newest.detectorVersion}`), definition);
}
