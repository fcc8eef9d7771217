import { statement } from '../statement.ts';
import type { ModelAlias } from './model-aliases-select.ts';

/** Model version without its bytes; `bytes` is their number. */
export interface ModelSummaryRow {
  readonly detector: string;
  readonly version: number;
  readonly detectorVersion: number;
  readonly sha256: string;
  readonly alpha: number;
  readonly manifest: unknown;
  readonly createdAt: Date;
  readonly champion: boolean;
  /** Aliases of the version: champion, challenger, previous. */
  readonly aliases: readonly ModelAlias[];
  readonly bytes: number;
}

/** Selects the models of a detector (null: of all), newest first. */
export const selectModels = statement<[detector: string | null], ModelSummaryRow>(`
  SELECT m.detector, m.version, m.detector_version AS "detectorVersion", m.sha256, m.alpha, m.manifest,
         m.created_at AS "createdAt", 'champion' = ANY(n.aliases) AS champion, n.aliases, length(a.bytes) AS bytes
  FROM flowline.model_versions m
  JOIN flowline.model_artifacts a ON a.sha256 = m.sha256
  CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(alias ORDER BY alias), '{}') AS aliases FROM flowline.model_aliases
    WHERE detector = m.detector AND version = m.version) n
  WHERE $1::text IS NULL OR m.detector = $1
  ORDER BY m.detector, m.version DESC
`);
