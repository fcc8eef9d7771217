import { statement } from '../statement.ts';

/** Detector with the definition in force. */
export interface DetectorRow {
  readonly name: string;
  readonly version: number;
  readonly definition: unknown;
  readonly appliedAt: Date;
  readonly state: 'active' | 'paused';
}

/** Selects the detector of a name (null: all), ordered by name. Deleted detectors are left out. */
export const selectDetectors = statement<[name: string | null], DetectorRow>(`
  SELECT d.name, v.version, v.definition, d.applied_at AS "appliedAt", d.state
  FROM flowline.detectors d
  JOIN flowline.detector_versions v ON v.detector = d.name AND v.version = d.current_version
  WHERE d.state <> 'deleted' AND ($1::text IS NULL OR d.name = $1)
  ORDER BY d.name
`);
