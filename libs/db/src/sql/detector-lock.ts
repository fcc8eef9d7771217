import { statement } from '../statement.ts';

/** Locks a detector's row and returns the version in force; no row for a deleted detector. */
export const lockDetector = statement<[name: string], { readonly version: number }>(`
  SELECT current_version AS version FROM flowline.detectors WHERE name = $1 AND state <> 'deleted' FOR UPDATE
`);
