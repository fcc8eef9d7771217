import { statement } from '../statement.ts';

/** Adds a detector with version 1, unless the name is taken. */
export const insertDetector = statement<[name: string], { readonly version: number }>(`
  INSERT INTO flowline.detectors (name, current_version) VALUES ($1, 1)
  ON CONFLICT (name) DO NOTHING RETURNING current_version AS version
`);
