import { execute, many, maybe, one } from '../statement.ts';
import type { RunAttempt, RunKind } from './training-runs.ts';

/** True while somebody holds the training lease of the detector of a run. */
const isLeased = `EXISTS (
  SELECT FROM flowline.training_leases l WHERE l.detector = r.detector AND l.expires_at > clock_timestamp())`;

/** Selects the run of a detector that waits or runs. */
export const selectOpenTrainingRun = maybe<{ runId: number; status: string }, { detector: string }>(`
  SELECT run_id AS "runId", status FROM flowline.training_runs
  WHERE detector = :detector AND status IN ('requested', 'running') ORDER BY run_id DESC LIMIT 1
`);

/** Stores a request for a training. */
export const insertTrainingRequest = one<
  { runId: number },
  {
    detector: string;
    detectorVersion: number;
    kind: RunKind;
    promotion: string | null;
    requestedBy: string | null;
  }
>(`
  INSERT INTO flowline.training_runs (detector, detector_version, kind, status, phase, requested_at, requested_by,
    promotion)
  VALUES (:detector, :detectorVersion, :kind, 'requested', 'requested', now(),
    coalesce(:requestedBy::text, session_user), :promotion)
  RETURNING run_id AS "runId"
`);

/** Request that a trainer can take up now. */
export interface TrainingRequestRow {
  readonly runId: number;
  readonly detector: string;
  readonly kind: RunKind;
  readonly promotion: 'auto' | 'always' | 'never' | null;
}

/**
 * Selects the requests of detectors that nobody is training and that need not wait for their next
 * attempt, the oldest first.
 */
export const selectTrainingRequests = many<TrainingRequestRow>(`
  SELECT r.run_id AS "runId", r.detector, r.kind, r.promotion FROM flowline.training_runs r
  WHERE r.status = 'requested' AND NOT ${isLeased} AND coalesce(r.retry_at <= now(), true) ORDER BY r.run_id
`);

/** Takes a request up. No row if it does not wait any more. */
export const claimTrainingRequest = maybe<RunAttempt, { runId: number; detectorVersion: number }>(`
  UPDATE flowline.training_runs SET status = 'running', phase = 'starting', detector_version = :detectorVersion,
    started_at = now(), phase_started_at = now(), phases = '[]', curves = '[]', error = NULL, retry_at = NULL,
    events_scored = (SELECT coalesce(sum(c.events), 0)::bigint FROM flowline.event_counts c
                     WHERE c.detector = training_runs.detector)
  WHERE run_id = :runId AND status = 'requested' RETURNING run_id AS "runId", attempt
`);

/** Ends a request that cannot be taken up. */
export const failTrainingRequest = execute<{ runId: number; error: string }>(`
  UPDATE flowline.training_runs SET status = 'failed', finished_at = now(), error = :error::jsonb
  WHERE run_id = :runId AND status = 'requested'
`);

/**
 * Stores the progress of an attempt within its phase, and returns who wants it cancelled. No row if
 * it does not run any more.
 */
export const updateTrainingProgress = maybe<
  { cancelledBy: string | null },
  { runId: number; attempt: number; progress: string | null }
>(`
  UPDATE flowline.training_runs SET progress = :progress::jsonb
  WHERE run_id = :runId AND attempt = :attempt AND status = 'running' RETURNING cancelled_by AS "cancelledBy"
`);

/**
 * Asks for the cancellation of a run. One that waits, or whose trainer has lost its lease, ends at
 * once. No row if it has ended.
 */
export const cancelTrainingRun = maybe<{ runId: number }, { runId: number; cancelledBy: string | null }>(`
  UPDATE flowline.training_runs r SET
    cancel_requested_at = coalesce(r.cancel_requested_at, now()),
    cancelled_by = coalesce(r.cancelled_by, :cancelledBy::text, session_user),
    status = CASE WHEN r.status = 'running' AND ${isLeased} THEN 'running' ELSE 'cancelled' END,
    finished_at = CASE WHEN r.status = 'running' AND ${isLeased} THEN NULL ELSE now() END,
    progress = CASE WHEN r.status = 'running' AND ${isLeased} THEN r.progress END
  WHERE r.run_id = :runId AND r.status IN ('requested', 'running') RETURNING r.run_id AS "runId"
`);

/**
 * Settles the runs of `lost`, whose trainer is gone: cancelled if that was asked for, waiting again
 * if they were requested and attempts are left, and abandoned otherwise.
 */
const settleLost = `
  , settled AS (
    SELECT run_id, CASE WHEN cancelled THEN 'cancelled' WHEN repeats THEN 'requested' ELSE 'abandoned' END AS status
    FROM lost)
  UPDATE flowline.training_runs run SET status = settled.status, progress = NULL,
    finished_at = CASE WHEN settled.status <> 'requested' THEN now() END,
    phase = CASE WHEN settled.status = 'requested' THEN 'requested' ELSE run.phase END,
    attempt = run.attempt + CASE WHEN settled.status = 'requested' THEN 1 ELSE 0 END
  FROM settled WHERE run.run_id = settled.run_id RETURNING run.run_id AS "runId"`;

/** Runs that are taken for running, up to the condition on their detectors. */
const running = `
    SELECT r.run_id, r.cancel_requested_at IS NOT NULL AS cancelled,
      r.requested_at IS NOT NULL AND r.attempt < :maxAttempts AS repeats
    FROM flowline.training_runs r WHERE r.status = 'running'`;

/** Settles the running runs of a detector whose training lease the caller holds. */
export const settleTrainingRuns = many<{ runId: number }, { detector: string; maxAttempts: number }>(`
  WITH lost AS (${running} AND r.detector = :detector FOR UPDATE)
  ${settleLost}
`);

/** Settles the running runs of detectors whose training lease nobody holds. */
export const settleUnleasedRuns = many<{ runId: number }, { maxAttempts: number }>(`
  WITH lost AS (${running} AND NOT ${isLeased} FOR UPDATE)
  ${settleLost}
`);
