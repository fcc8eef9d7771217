import { many } from '../statement.ts';

/** Values of an event that a model has scored, in the order of its definition, and its p-value. */
export interface ModelEventRow {
  readonly numbers: readonly (number | null)[];
  readonly levels: readonly (string | null)[];
  readonly pValue: number;
}

/**
 * Selects events of the last day on which a model scored: the charts' intervals say when that was,
 * by their key, so that no other day is looked into.
 */
export const selectModelEvents = many<
  ModelEventRow,
  { readonly detector: string; readonly modelVersion: number; readonly most: number }
>(`
  WITH latest AS (
    SELECT max(i.stored_at) AS at FROM flowline.score_sources o CROSS JOIN LATERAL (
      SELECT s.stored_at FROM flowline.score_summaries s WHERE s.source_id = o.source_id
      ORDER BY s.starts_at DESC LIMIT 1) i
    WHERE o.detector = :detector AND o.model_version = :modelVersion
  )
  SELECT v.numbers, v.levels, v."pValue" FROM latest CROSS JOIN LATERAL (
    SELECT e.numeric_values AS numbers, e.level_values AS levels, e.p_value AS "pValue"
    FROM flowline.scored_events e
    WHERE e.detector = :detector AND e.model_version = :modelVersion AND e.in_sample
      AND e.scored_at > latest.at - interval '1 day' AND e.scored_at <= latest.at
    LIMIT :most) v
`);
