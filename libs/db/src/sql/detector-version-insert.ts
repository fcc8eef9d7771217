import { statement } from '../statement.ts';

/** Adds a version of a detector. */
export const insertDetectorVersion = statement<
  [detector: string, version: number, definition: string, sha256: string],
  never
>(`
  INSERT INTO flowline.detector_versions (detector, version, definition, sha256) VALUES ($1, $2, $3::jsonb, $4)
`);
