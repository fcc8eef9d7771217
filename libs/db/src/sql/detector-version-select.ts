import { statement } from '../statement.ts';
import type { DetectorRow } from './detectors-select.ts';

/** One version of a detector. */
export type DetectorVersionRow = Omit<DetectorRow, 'state'>;

/** Selects one version of a detector, in force or not. */
export const selectDetectorVersion = statement<[name: string, version: number], DetectorVersionRow>(`
  SELECT detector AS name, version, definition, created_at AS "appliedAt"
  FROM flowline.detector_versions WHERE detector = $1 AND version = $2
`);
