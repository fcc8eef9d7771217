import { many, maybe, one } from '../statement.ts';

/**
 * Attempt at a run: another trainer may make the next one of the same run while this one has not
 * noticed yet that it is over.
 */
export interface RunAttempt {
  readonly runId: number;
  readonly attempt: number;
}

/** Kind of a run: of new weights, or of new p-values for those of the champion. */
export type RunKind = 'training' | 'recalibration';

/** Training run. */
export interface TrainingRunRow {
  readonly runId: number;
  readonly detector: string;
  readonly detectorVersion: number;
  /** A recalibration leaves the weights as they are. */
  readonly kind: RunKind;
  readonly scheduledFor: Date | null;
  readonly attempt: number;
  readonly status: 'requested' | 'running' | 'succeeded' | 'failed' | 'abandoned' | 'cancelled';
  readonly phase: string;
  /** Time and author of the request; null for a run of the schedule or of a command. */
  readonly requestedAt: Date | null;
  readonly requestedBy: string | null;
  /** Promotion mode that was asked for; null for that of the definition. */
  readonly promotion: 'auto' | 'always' | 'never' | null;
  /** Start of the attempt; null for a run that waits or never began. */
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly phases: readonly { readonly phase: string; readonly seconds: number }[];
  readonly curves: unknown;
  readonly metrics: unknown;
  readonly modelVersion: number | null;
  readonly promoted: boolean | null;
  readonly error: unknown;
  /** Progress within the phase; null for none. */
  readonly progress: unknown;
  /** Time and author of the wish to cancel it; null for none. */
  readonly cancelRequestedAt: Date | null;
  readonly cancelledBy: string | null;
  /** Time from which the next attempt may be made; null for none. */
  readonly retryAt: Date | null;
  /** True while a trainer holds the training lease of its detector. */
  readonly isLeased: boolean;
  /** True while a trainer serves, which takes requests up. */
  readonly hasTrainer: boolean;
}

const columns = `
  run_id AS "runId", detector, detector_version AS "detectorVersion", kind, scheduled_for AS "scheduledFor",
  attempt, status, phase, CASE WHEN phase <> 'requested' THEN started_at END AS "startedAt", finished_at AS "finishedAt", phases, curves, metrics,
  model_version AS "modelVersion", promoted, error, requested_at AS "requestedAt", requested_by AS "requestedBy",
  promotion, progress, cancel_requested_at AS "cancelRequestedAt", cancelled_by AS "cancelledBy", retry_at AS "retryAt",
  EXISTS (SELECT FROM flowline.training_leases l
          WHERE l.detector = training_runs.detector AND l.expires_at > clock_timestamp()) AS "isLeased",
  EXISTS (SELECT FROM flowline.trainers WHERE seen_at > now() - interval '15 seconds') AS "hasTrainer"`;

/** Selects the latest runs of a detector (null: of all), below an id. */
export const selectTrainingRuns = many<
  TrainingRunRow,
  { detector: string | null; before: number | null; limit: number }
>(`
  SELECT ${columns} FROM flowline.training_runs
  WHERE (:detector::text IS NULL OR detector = :detector) AND (:before::bigint IS NULL OR run_id < :before)
  ORDER BY run_id DESC LIMIT :limit
`);

/** Selects one run. */
export const selectTrainingRun = maybe<TrainingRunRow, { runId: number }>(`
  SELECT ${columns} FROM flowline.training_runs WHERE run_id = :runId
`);

/**
 * Selects the latest tick of a schedule that was claimed, and neither abandoned nor due for another
 * attempt.
 */
export const selectLastTick = one<{ scheduledFor: Date | null }, { detector: string }>(`
  SELECT max(scheduled_for) AS "scheduledFor" FROM flowline.training_runs
  WHERE detector = :detector AND status <> 'abandoned' AND NOT (status = 'failed' AND coalesce(retry_at <= now(), false))
`);

/** Number of events of a detector that models have scored. */
const eventsScored = `
  (SELECT coalesce(sum(events), 0)::bigint FROM flowline.event_counts WHERE detector = :detector)`;

/** Begins a run on demand. */
export const insertTrainingRun = one<RunAttempt, { detector: string; detectorVersion: number; kind: RunKind }>(`
  INSERT INTO flowline.training_runs (detector, detector_version, kind, events_scored)
  VALUES (:detector, :detectorVersion, :kind, ${eventsScored})
  RETURNING run_id AS "runId", attempt
`);

/**
 * Claims a tick. No row if it was claimed before, unless that run was abandoned and attempts are
 * left, or is due for another attempt.
 */
export const claimTrainingRun = maybe<
  RunAttempt,
  { detector: string; detectorVersion: number; scheduledFor: Date; maxAttempts: number }
>(`
  INSERT INTO flowline.training_runs AS run (detector, detector_version, scheduled_for, events_scored)
  VALUES (:detector, :detectorVersion, :scheduledFor, ${eventsScored})
  ON CONFLICT (detector, scheduled_for) DO UPDATE
    SET status = 'running', attempt = run.attempt + 1, detector_version = excluded.detector_version, finished_at = NULL,
        started_at = now(), phase = 'starting', phase_started_at = now(), phases = '[]', curves = '[]', error = NULL,
        retry_at = NULL, events_scored = excluded.events_scored
    WHERE (run.status = 'abandoned' AND run.attempt < :maxAttempts) OR (run.status = 'failed' AND run.retry_at <= now())
  RETURNING run_id AS "runId", attempt
`);

/**
 * Stores a new phase, closing the previous one with its duration in seconds, or new curves within a
 * phase.
 */
export const updateTrainingRun = maybe<
  { runId: number },
  { runId: number; attempt: number; phase: string; curves: string | null }
>(`
  UPDATE flowline.training_runs SET
    phases = CASE WHEN phase = :phase THEN phases ELSE phases || jsonb_build_array(jsonb_build_object(
      'phase', phase, 'seconds', round(extract(epoch FROM clock_timestamp() - phase_started_at), 3))) END,
    phase_started_at = CASE WHEN phase = :phase THEN phase_started_at ELSE clock_timestamp() END,
    progress = CASE WHEN phase = :phase THEN progress END,
    phase = :phase, curves = coalesce(:curves::jsonb, curves)
  WHERE run_id = :runId AND attempt = :attempt AND status = 'running' RETURNING run_id AS "runId"
`);

/**
 * Ends an attempt that is followed by another, after some seconds: one of the schedule as failed,
 * one that was requested as waiting again. No row for a run on demand, one that is over, or one
 * without attempts left.
 */
export const postponeTrainingRun = maybe<
  { runId: number; retryAt: Date },
  { runId: number; attempt: number; error: string; seconds: number; maxAttempts: number }
>(`
  UPDATE flowline.training_runs SET progress = NULL, error = :error::jsonb,
    retry_at = clock_timestamp() + make_interval(secs => :seconds::float8),
    phases = phases || jsonb_build_array(jsonb_build_object(
      'phase', phase, 'seconds', round(extract(epoch FROM clock_timestamp() - phase_started_at), 3))),
    status = CASE WHEN requested_at IS NULL THEN 'failed' ELSE 'requested' END,
    phase = CASE WHEN requested_at IS NULL THEN phase ELSE 'requested' END,
    finished_at = CASE WHEN requested_at IS NULL THEN clock_timestamp() END,
    attempt = attempt + CASE WHEN requested_at IS NULL THEN 0 ELSE 1 END
  WHERE run_id = :runId AND attempt = :attempt AND status = 'running' AND cancel_requested_at IS NULL
    AND (requested_at IS NOT NULL OR scheduled_for IS NOT NULL) AND attempt < :maxAttempts
  RETURNING run_id AS "runId", retry_at AS "retryAt"
`);

/** Ends an attempt as succeeded, with its result, or as failed, with the error. */
export const finishTrainingRun = maybe<
  { runId: number },
  {
    runId: number;
    attempt: number;
    status: string;
    metrics: string;
    modelVersion: number | null;
    promoted: boolean | null;
    error: string | null;
  }
>(`
  UPDATE flowline.training_runs SET
    phases = phases || jsonb_build_array(jsonb_build_object(
      'phase', phase, 'seconds', round(extract(epoch FROM clock_timestamp() - phase_started_at), 3))),
    status = :status, finished_at = clock_timestamp(), progress = NULL, metrics = metrics || :metrics::jsonb,
    model_version = :modelVersion, promoted = :promoted, error = :error::jsonb
  WHERE run_id = :runId AND attempt = :attempt AND status = 'running' RETURNING run_id AS "runId"
`);
