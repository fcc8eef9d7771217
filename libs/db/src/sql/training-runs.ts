import { statement } from '../statement.ts';

/** Training run. */
export interface TrainingRunRow {
  readonly runId: number;
  readonly detector: string;
  readonly detectorVersion: number;
  readonly scheduledFor: Date | null;
  readonly attempt: number;
  readonly status: 'running' | 'succeeded' | 'failed' | 'abandoned';
  readonly phase: string;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  readonly phases: readonly { readonly phase: string; readonly seconds: number }[];
  readonly curves: unknown;
  readonly metrics: unknown;
  readonly modelVersion: number | null;
  readonly promoted: boolean | null;
  readonly error: unknown;
}

/** Selects the latest runs of a detector (null: of all). */
export const selectTrainingRuns = statement<[detector: string | null, limit: number], TrainingRunRow>(`
  SELECT run_id AS "runId", detector, detector_version AS "detectorVersion", scheduled_for AS "scheduledFor", attempt, status,
         phase, started_at AS "startedAt", finished_at AS "finishedAt", phases, curves, metrics,
         model_version AS "modelVersion", promoted, error
  FROM flowline.training_runs
  WHERE $1::text IS NULL OR detector = $1
  ORDER BY run_id DESC LIMIT $2
`);
