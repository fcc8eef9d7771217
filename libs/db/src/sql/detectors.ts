import { execute, many, maybe } from '../statement.ts';

/** State of a detector: scored and trained, paused, or deleted. */
export type DetectorState = 'active' | 'paused' | 'deleted';

/** Detector with the definition in force. */
export interface DetectorRow {
  readonly name: string;
  readonly version: number;
  readonly definition: unknown;
  readonly appliedAt: Date;
  readonly state: 'active' | 'paused';
}

/** Detectors that are not deleted, with their definitions in force. */
const inForce = `
  SELECT d.name, v.version, v.definition, d.applied_at AS "appliedAt", d.state
  FROM flowline.detectors d
  JOIN flowline.detector_versions v ON v.detector = d.name AND v.version = d.current_version
  WHERE d.state <> 'deleted'`;

/** Selects the detector of a name (null: all), ordered by name. Deleted detectors are left out. */
export const selectDetectors = many<DetectorRow, { detector: string | null }>(`
  ${inForce} AND (:detector::text IS NULL OR d.name = :detector)
  ORDER BY d.name COLLATE "C"
`);

/** Selects detectors by name, after a name. Deleted detectors are left out. */
export const selectDetectorPage = many<
  DetectorRow,
  { names: readonly string[] | null; after: string | null; limit: number }
>(`
  ${inForce} AND (:names::text[] IS NULL OR d.name = ANY(:names))
    AND (:after::text IS NULL OR d.name COLLATE "C" > :after)
  ORDER BY d.name COLLATE "C" LIMIT :limit
`);

/** Adds a detector with version 1, unless the name is taken. */
export const insertDetector = maybe<{ version: number }, { detector: string }>(`
  INSERT INTO flowline.detectors (name, current_version) VALUES (:detector, 1)
  ON CONFLICT (name) DO NOTHING RETURNING current_version AS version
`);

/** Locks a detector's row and returns the version in force; no row for a deleted detector. */
export const lockDetector = maybe<{ version: number }, { detector: string }>(`
  SELECT current_version AS version FROM flowline.detectors WHERE name = :detector AND state <> 'deleted' FOR UPDATE
`);

/** Puts a version of a detector in force. */
export const updateDetector = execute<{ detector: string; version: number }>(`
  UPDATE flowline.detectors SET current_version = :version, applied_at = now() WHERE name = :detector
`);

/** Selects the state of a detector, deleted or not, and whether its data are being dropped. */
export const selectDetectorState = maybe<{ state: DetectorState; dropping: boolean }, { detector: string }>(`
  SELECT state, dropping FROM flowline.detectors WHERE name = :detector
`);

/**
 * Changes the state of a detector from one of the given states. No row if it is in another state or
 * its data are being dropped.
 */
export const updateDetectorState = maybe<
  { name: string },
  { detector: string; state: DetectorState; from: readonly DetectorState[] }
>(`
  UPDATE flowline.detectors SET state = :state, state_changed_at = now()
  WHERE name = :detector AND state = ANY(:from::text[]) AND NOT dropping RETURNING name
`);

/**
 * Sets whether the data of a deleted detector are being dropped. The row lock makes concurrent
 * drops wait.
 */
export const setDropping = execute<{ detector: string; dropping: boolean }>(`
  UPDATE flowline.detectors SET dropping = :dropping WHERE name = :detector AND state = 'deleted'
`);
