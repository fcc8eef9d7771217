import { statement } from '../statement.ts';

/**
 * Claims a tick. No row if it was claimed before, unless that run was abandoned and attempts are
 * left.
 */
export const claimTrainingRun = statement<
  [detector: string, detectorVersion: number, scheduledFor: Date, maxAttempts: number],
  { readonly runId: number; readonly attempt: number }
>(`
  INSERT INTO flowline.training_runs AS run (detector, detector_version, scheduled_for) VALUES ($1, $2, $3)
  ON CONFLICT (detector, scheduled_for) DO UPDATE
    SET status = 'running', attempt = run.attempt + 1, detector_version = excluded.detector_version, finished_at = NULL,
        started_at = now(), phase = 'starting', phase_started_at = now(), phases = '[]', curves = '[]', error = NULL
    WHERE run.status = 'abandoned' AND run.attempt < $4
  RETURNING run_id AS "runId", attempt
`);
