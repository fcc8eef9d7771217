import { execute, many, maybe } from '../statement.ts';
import type { DetectorRow } from './detectors.ts';

/** One version of a detector. */
export type DetectorVersionRow = Omit<DetectorRow, 'state'>;

/** Selects one version of a detector, in force or not. */
export const selectDetectorVersion = maybe<DetectorVersionRow, { detector: string; version: number }>(`
  SELECT detector AS name, version, definition, created_at AS "appliedAt"
  FROM flowline.detector_versions WHERE detector = :detector AND version = :version
`);

/** Selects the versions of a detector below one, newest first. */
export const selectDetectorVersions = many<
  { version: number; appliedAt: Date },
  { detector: string; before: number | null; limit: number }
>(`
  SELECT version, created_at AS "appliedAt" FROM flowline.detector_versions
  WHERE detector = :detector AND (:before::integer IS NULL OR version < :before)
  ORDER BY version DESC LIMIT :limit
`);

/** Selects the hash of one version of a detector. */
export const selectDetectorVersionHash = maybe<{ sha256: string }, { detector: string; version: number }>(`
  SELECT sha256 FROM flowline.detector_versions WHERE detector = :detector AND version = :version
`);

/**
 * Selects the versions of a detector whose features and lookups equal those of the version in
 * force: their stored events have the same columns.
 */
export const selectAlikeVersions = many<{ version: number }, { detector: string }>(`
  SELECT v.version FROM flowline.detector_versions v
  JOIN flowline.detectors d ON d.name = v.detector
  JOIN flowline.detector_versions c ON c.detector = d.name AND c.version = d.current_version
  WHERE v.detector = :detector AND v.definition -> 'features' = c.definition -> 'features'
    AND v.definition -> 'lookups' = c.definition -> 'lookups'
  ORDER BY v.version
`);

/** Adds a version of a detector. */
export const insertDetectorVersion = execute<{
  detector: string;
  version: number;
  definition: string;
  sha256: string;
}>(`
  INSERT INTO flowline.detector_versions (detector, version, definition, sha256)
  VALUES (:detector, :version, :definition::jsonb, :sha256)
`);
