import { type Change, detectorDocumentOf, documentChanges, readDefinition } from '@flowline/config';
import { type Database, getDetectorVersion } from '@flowline/db';

/**
 * Compares two versions of a detector, with every default filled in.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING for a version that there is not.
 */
export async function versionChanges(db: Database, detector: string, from: number, to: number): Promise<Change[]> {
  const [before, after] = await Promise.all([from, to].map((version) => specOf(db, detector, version)));
  return documentChanges(before, after);
}

async function specOf(db: Database, detector: string, version: number): Promise<unknown> {
  const { definition } = await getDetectorVersion(db, detector, version);
  return {
    spec: detectorDocumentOf(readDefinition(definition, `${detector}, version ${version}`), { defaults: true }).spec,
  };
}
