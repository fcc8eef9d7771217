import { statement } from '../statement.ts';

/**
 * Stores a new phase, closing the previous one with its duration in seconds, or new curves within a
 * phase.
 */
export const updateTrainingRun = statement<
  [runId: number, phase: string, curves: string | null],
  { readonly runId: number }
>(`
  UPDATE flowline.training_runs SET
    phases = CASE WHEN phase = $2 THEN phases ELSE phases || jsonb_build_array(jsonb_build_object(
      'phase', phase, 'seconds', round(extract(epoch FROM clock_timestamp() - phase_started_at), 3))) END,
    phase_started_at = CASE WHEN phase = $2 THEN phase_started_at ELSE clock_timestamp() END,
    phase = $2, curves = coalesce($3::jsonb, curves)
  WHERE run_id = $1 AND status = 'running' RETURNING run_id AS "runId"
`);
