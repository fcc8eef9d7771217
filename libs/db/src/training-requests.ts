import { FlowlineError } from '@flowline/events';

import type { Database } from './database.ts';
import { detectorMissing } from './detectors.ts';
import { jsonText } from './json-text.ts';
import { publicReport } from './public-report.ts';
import { runEnded } from './run-ended.ts';
import { lockDetector } from './sql/detectors.ts';
import {
  cancelTrainingRun,
  claimTrainingRequest,
  failTrainingRequest,
  insertTrainingRequest,
  selectOpenTrainingRun,
  selectTrainingRequests,
  settleUnleasedRuns,
  type TrainingRequestRow,
  updateTrainingProgress,
} from './sql/training-requests.ts';
import { selectTrainingRun } from './sql/training-runs.ts';
import { MAX_ATTEMPTS } from './training-attempts.ts';
import type { RunAttempt, TrainingRun } from './training-runs.ts';
import { withTransaction } from './transaction.ts';

/** Request for a training, as a trainer takes it up. */
export type TrainingRequest = TrainingRequestRow;

/** Training to request. */
export interface NewTrainingRequest {
  readonly detector: string;
  /** Promotion mode; null for that of the definition. */
  readonly promotion: 'auto' | 'always' | 'never' | null;
  /** Name of who asks for it; by default the database user. */
  readonly requestedBy?: string;
}

/** Progress of a training within its phase. */
export interface StageProgress {
  /** Current activity, such as `read` or `train`. */
  readonly stage: string;
  /** Share of the stage that is done, 0 to 1. */
  readonly share: number;
  /** Steps done and in all; null where a stage has none. */
  readonly step: number | null;
  readonly steps: number | null;
}

/**
 * Stores a request for a training, which a serving trainer takes up within seconds.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING; FLOWLINE_TRAINING_BUSY while a run of the
 * detector waits or runs.
 */
export async function requestTraining(db: Database, request: NewTrainingRequest): Promise<TrainingRun> {
  const { detector, promotion, requestedBy = null } = request;
  return withTransaction(db, async (client) => {
    const found = await lockDetector(client, { detector });
    if (found === null) throw detectorMissing(detector);
    await settleUnleasedRuns(client, { maxAttempts: MAX_ATTEMPTS });
    const open = await selectOpenTrainingRun(client, { detector });
    if (open !== null) throw alreadyOpen(detector, open);
    const row = { detector, detectorVersion: found.version, kind: 'training' as const, promotion, requestedBy };
    const { runId } = await insertTrainingRequest(client, row);
    const run = await selectTrainingRun(client, { runId });
    if (run === null) throw runEnded(runId);
    return run;
  });
}

/**
 * Asks for the cancellation of a run: one that waits ends at once, one that runs within seconds.
 * Resolves to the run; null if there is none of this id.
 * @throws FlowlineError FLOWLINE_CONFLICT if it has ended otherwise.
 */
export async function cancelTraining(db: Database, runId: number, cancelledBy?: string): Promise<TrainingRun | null> {
  return withTransaction(db, async (client) => {
    const asked = await cancelTrainingRun(client, { runId, cancelledBy: cancelledBy ?? null });
    const run = await selectTrainingRun(client, { runId });
    if (asked === null && run !== null && run.status !== 'cancelled') throw alreadyEnded(run);
    return run;
  });
}

/**
 * Lists the requests that can be taken up now, the oldest first, after settling the runs whose
 * trainer is gone: a request that was taken up waits again, up to its third attempt.
 */
export async function openTrainingRequests(db: Database): Promise<TrainingRequest[]> {
  return withTransaction(db, async (client) => {
    await settleUnleasedRuns(client, { maxAttempts: MAX_ATTEMPTS });
    return selectTrainingRequests(client);
  });
}

/**
 * Takes a request up: exactly one caller gets its attempt, the others null. The caller must hold
 * the training lease.
 */
export async function claimRequestedRun(
  db: Database,
  runId: number,
  detectorVersion: number,
): Promise<RunAttempt | null> {
  return withTransaction(db, (client) => claimTrainingRequest(client, { runId, detectorVersion }));
}

/** Ends a request that still waits with the error that keeps it from being taken up. */
export async function refuseTrainingRequest(db: Database, runId: number, error: unknown): Promise<void> {
  const text = jsonText(publicReport(error));
  await withTransaction(db, (client) => failTrainingRequest(client, { runId, error: text }));
}

/**
 * Stores the progress of an attempt within its phase. Resolves to who wants it cancelled, or null.
 * @throws FlowlineError FLOWLINE_ABORTED if the attempt is no longer running.
 */
export async function reportStage(
  db: Database,
  { runId, attempt }: RunAttempt,
  progress: StageProgress | null,
): Promise<string | null> {
  const text = progress === null ? null : jsonText(progress);
  const found = await withTransaction(db, (client) =>
    updateTrainingProgress(client, { runId, attempt, progress: text }),
  );
  if (found === null) throw runEnded(runId);
  return found.cancelledBy;
}

function alreadyOpen(detector: string, { runId, status }: { runId: number; status: string }): FlowlineError {
  const state = status === 'requested' ? 'is requested already' : 'is in progress';
  return new FlowlineError('FLOWLINE_TRAINING_BUSY', `Training run ${runId} of ${detector} ${state}.`, {
    where: `training run ${runId}`,
    remedy: 'Wait for it, or cancel it.',
    retryable: true,
  });
}

function alreadyEnded({ runId, status }: TrainingRun): FlowlineError {
  return new FlowlineError('FLOWLINE_CONFLICT', `Training run ${runId} has ended: ${status}.`, {
    where: `training run ${runId}`,
    remedy: 'Only a run that waits or runs can be cancelled.',
  });
}
