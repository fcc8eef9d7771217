import { statement } from '../statement.ts';

/** Puts a version of a detector in force. */
export const updateDetector = statement<[name: string, version: number], never>(`
  UPDATE flowline.detectors SET current_version = $2, applied_at = now() WHERE name = $1
`);
