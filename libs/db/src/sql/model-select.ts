import { statement } from '../statement.ts';

/** Model version with its bytes. */
export interface ModelRow {
  readonly detector: string;
  readonly version: number;
  readonly detectorVersion: number;
  readonly sha256: string;
  readonly alpha: number;
  readonly manifest: unknown;
  readonly createdAt: Date;
  readonly bytes: Buffer;
}

/** Selects one model version of a detector (null: its champion). */
export const selectModel = statement<[detector: string, version: number | null], ModelRow>(`
  SELECT m.detector, m.version, m.detector_version AS "detectorVersion", m.sha256, m.alpha, m.manifest,
         m.created_at AS "createdAt", a.bytes
  FROM flowline.model_versions m
  JOIN flowline.model_artifacts a ON a.sha256 = m.sha256
  WHERE m.detector = $1 AND m.version = coalesce(
    $2::integer, (SELECT version FROM flowline.model_aliases WHERE detector = $1 AND alias = 'champion'))
`);
