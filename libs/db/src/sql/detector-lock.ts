import { statement } from '../statement.ts';

/** Takes the lock of a detector (a row lock) and returns the version in force; nothing of one that is deleted. */
export const lockDetector = statement<[name: string], { readonly version: number }>(`
  SELECT current_version AS version FROM flowline.detectors WHERE name = $1 AND state <> 'deleted' FOR UPDATE
`);
