import { statement } from '../statement.ts';
import type { DetectorState } from './detector-state-update.ts';

/** Selects the state of a detector, deleted or not, and whether its data are being dropped. */
export const selectDetectorState = statement<
  [name: string],
  { readonly state: DetectorState; readonly dropping: boolean }
>(`
  SELECT state, dropping FROM flowline.detectors WHERE name = $1
`);
