import { statement } from '../statement.ts';

/** Takes the lock of a detector (a row lock) and returns the version in force. */
export const lockDetector = statement<[name: string], { readonly version: number }>(`
  SELECT current_version AS version FROM flowline.detectors WHERE name = $1 FOR UPDATE
`);
