import { execute, many, maybe, one } from '../statement.ts';
import type { ModelAlias } from './model-aliases.ts';

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
export const selectModel = maybe<ModelRow, { detector: string; version: number | null }>(`
  SELECT m.detector, m.version, m.detector_version AS "detectorVersion", m.sha256, m.alpha, m.manifest,
         m.created_at AS "createdAt", a.bytes
  FROM flowline.model_versions m
  JOIN flowline.model_artifacts a ON a.sha256 = m.sha256
  WHERE m.detector = :detector AND m.version = coalesce(
    :version::integer, (SELECT version FROM flowline.model_aliases WHERE detector = :detector AND alias = 'champion'))
`);

/** Selects what is stored with the champion of a detector, without its bytes. */
export const selectChampionManifest = maybe<{ version: number; manifest: unknown }, { detector: string }>(`
  SELECT m.version, jsonb_strip_nulls(jsonb_build_object('absence', m.manifest -> 'absence')) AS manifest
  FROM flowline.model_aliases a JOIN flowline.model_versions m USING (detector, version)
  WHERE a.detector = :detector AND a.alias = 'champion'
`);

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

const summaries = `
  SELECT m.detector, m.version, m.detector_version AS "detectorVersion", m.sha256, m.alpha, m.manifest,
         m.created_at AS "createdAt", 'champion' = ANY(n.aliases) AS champion, n.aliases, length(a.bytes) AS bytes
  FROM flowline.model_versions m
  JOIN flowline.model_artifacts a ON a.sha256 = m.sha256
  CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(alias ORDER BY alias), '{}') AS aliases FROM flowline.model_aliases
    WHERE detector = m.detector AND version = m.version) n`;

/** Selects the models of a detector below a version (null: of all versions), newest first. */
export const selectModelPage = many<ModelSummaryRow, { detector: string; before: number | null; limit: number }>(`
  ${summaries}
  WHERE m.detector = :detector AND (:before::bigint IS NULL OR m.version < :before)
  ORDER BY m.version DESC LIMIT :limit
`);

/** Selects the models of a detector (null: of all), newest first. */
export const selectModels = many<ModelSummaryRow, { detector: string | null }>(`
  ${summaries}
  WHERE :detector::text IS NULL OR m.detector = :detector
  ORDER BY m.detector, m.version DESC
`);

/** Candidate of a model that was chosen among several. */
export interface ModelCandidateRow {
  readonly detector: string;
  readonly modelVersion: number;
  /** Place by held-out likelihood, from 1. */
  readonly place: number;
  readonly candidate: string;
  readonly family: string;
  /** Partition of the features in its couplings; null if it has none. */
  readonly partition: string | null;
  /** Number of layers; null for the depth that is usual for the family. */
  readonly layers: number | null;
  readonly parameters: number;
  /** Training steps done; 0 if it was fitted without. */
  readonly steps: number;
  readonly heldOutRows: number;
  /** Mean of −log p of those rows, in nats and original units; null if it could not be trained. */
  readonly heldOutNllNats: number | null;
  readonly heldOutStandardError: number | null;
  /** Mean of log p − log p of the most likely candidate, clipped to ±5 per row, in nats. */
  readonly gainNats: number | null;
  readonly gainStandardError: number | null;
  /** Null for a model that was calibrated again. */
  readonly seconds: number | null;
  readonly chosen: boolean;
  readonly reason: string;
}

/** Selects the candidates of a model of a detector, the most likely first. */
export const selectModelCandidates = many<ModelCandidateRow, { detector: string; version: number }>(`
  SELECT detector, model_version AS "modelVersion", place, candidate, family, partition, layers, parameters, steps,
         heldout_rows AS "heldOutRows", heldout_nll_nats AS "heldOutNllNats",
         heldout_standard_error AS "heldOutStandardError", gain_nats AS "gainNats",
         gain_standard_error AS "gainStandardError", seconds, chosen, reason
  FROM flowline.v1_model_candidates WHERE detector = :detector AND model_version = :version ORDER BY place
`);

/** Adds the next model version of a detector, whose lock must be held. */
export const insertModelVersion = one<
  { version: number },
  { detector: string; detectorVersion: number; sha256: string; alpha: number; manifest: string }
>(`
  INSERT INTO flowline.model_versions (detector, version, detector_version, sha256, alpha, manifest)
  SELECT :detector, coalesce(max(version), 0) + 1, :detectorVersion, :sha256, :alpha, :manifest::jsonb
  FROM flowline.model_versions WHERE detector = :detector
  RETURNING version
`);

/** Adds the bytes of a model, unless they are stored already. */
export const insertArtifact = execute<{ sha256: string; bytes: Buffer }>(`
  INSERT INTO flowline.model_artifacts (sha256, bytes) VALUES (:sha256, :bytes) ON CONFLICT (sha256) DO NOTHING
`);

/** Deletes the bytes of models that no version refers to. */
export const pruneArtifacts = execute(`
  DELETE FROM flowline.model_artifacts a
  WHERE NOT EXISTS (SELECT FROM flowline.model_versions v WHERE v.sha256 = a.sha256)
`);
