import { statement } from '../statement.ts';
import type { DetectorState } from './detector-state-update.ts';

/** The state of a detector, deleted or not. */
export const selectDetectorState = statement<[name: string], { readonly state: DetectorState }>(`
  SELECT state FROM flowline.detectors WHERE name = $1
`);
