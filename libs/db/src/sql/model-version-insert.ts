import { statement } from '../statement.ts';

/** Adds the next model version of a detector, whose lock must be held. */
export const insertModelVersion = statement<
  [detector: string, detectorVersion: number, sha256: string, alpha: number, manifest: string],
  { readonly version: number }
>(`
  INSERT INTO flowline.model_versions (detector, version, detector_version, sha256, alpha, manifest)
  SELECT $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5::jsonb FROM flowline.model_versions WHERE detector = $1
  RETURNING version
`);
