import { statement } from '../statement.ts';

/** Ends a run as succeeded, with its result, or as failed, with the error. */
export const finishTrainingRun = statement<
  [
    runId: number,
    status: string,
    metrics: string,
    modelVersion: number | null,
    promoted: boolean | null,
    error: string | null,
  ],
  { readonly runId: number }
>(`
  UPDATE flowline.training_runs SET
    phases = phases || jsonb_build_array(jsonb_build_object(
      'phase', phase, 'seconds', round(extract(epoch FROM clock_timestamp() - phase_started_at), 3))),
    status = $2, finished_at = clock_timestamp(), metrics = metrics || $3::jsonb,
    model_version = $4, promoted = $5, error = $6::jsonb
  WHERE run_id = $1 AND status = 'running' RETURNING run_id AS "runId"
`);
