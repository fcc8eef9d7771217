import { statement } from '../statement.ts';

/** Selects the hash of one version of a detector. */
export const selectDetectorVersionHash = statement<[detector: string, version: number], { readonly sha256: string }>(`
  SELECT sha256 FROM flowline.detector_versions WHERE detector = $1 AND version = $2
`);
