import {
  claimRequestedRun,
  type Checkpoints,
  claimScheduledRun,
  type Database,
  failRun,
  finishRun,
  postponeRun,
  readCheckpoints,
  recordProgress,
  removeCheckpoints,
  type RunAttempt,
  type RunKind,
  type StageProgress,
  startTrainingRun,
  storeCheckpoints,
  type TrainingOutcome,
} from '@flowline/db';
import type { MemberCheckpoints } from '@flowline/detector';
import { type ErrorCode, errorCodes, FlowlineError } from '@flowline/events';
import type { Logger } from '@flowline/telemetry';

import { backoffAfter } from './retry-backoff.ts';
import { watchRun } from './watch-run.ts';

/** Request for a training run. */
export interface RunRequest {
  readonly detector: string;
  readonly detectorVersion: number;
  /** Kind of a run that takes up no request (default: a training). */
  readonly kind?: RunKind;
  /** The scheduled time; null if a person requested the training. */
  readonly scheduledFor: Date | null;
  /** Id of the request that it takes up; by default none. */
  readonly requestedRun?: number;
}

/** Environment of a run. */
export interface RunParts {
  readonly db: Database;
  readonly logger: Logger;
  /** Aborted if the run is to be cancelled; the work must listen to it. */
  readonly cancel: AbortController;
}

/**
 * A training run in progress. Its phases are stored as they begin, so that everyone can see how far
 * it is.
 */
export interface RecordedRun {
  readonly runId: number;
  /** Stores the start of a phase, runs it, and logs its duration. */
  phase<Result>(name: string, work: () => Promise<Result>): Promise<Result>;
  /**
   * Checkpoints of the training: those that an earlier attempt left, and the latest of this one,
   * which are stored for the next if a signal interrupts it.
   */
  readonly checkpoints: MemberCheckpoints;
  /** Sets the learning curves to store with the next phase. */
  curves(curves: object): void;
  /** Sets the progress within the phase, which is stored once per second. */
  progress(now: StageProgress): void;
}

/**
 * Runs a training and stores it as a run: running → succeeded | failed (also if a signal ended it:
 * FLOWLINE_ABORTED) | cancelled, on request. A run of the schedule or of a request that a signal
 * ended, or a reason that may pass, is tried again. The caller must hold the training lock.
 * @returns null if the scheduled time has already been run or given up, or the request been taken
 * up or cancelled.
 */
export async function recordRun<Outcome extends TrainingOutcome>(
  { db, logger, cancel }: RunParts,
  request: RunRequest,
  work: (run: RecordedRun) => Promise<Outcome>,
): Promise<Outcome | null> {
  const attempt = await beginRun(db, request);
  if (attempt === null) return null;
  const { runId } = attempt;
  const log = logger.child({ runId });
  const watched = watchRun({ db, logger: log, cancel }, attempt);
  let curves: object | undefined;
  const kept = new Map<number, Uint8Array>();
  const run: Omit<RecordedRun, 'checkpoints'> = {
    runId,
    curves: (made) => {
      curves = made;
    },
    progress: watched.progress,
    phase: async (name, phaseWork) => {
      watched.progress(null);
      await recordProgress(db, attempt, name, curves);
      const startedMs = performance.now();
      const result = await phaseWork();
      log.debug({ phase: name, seconds: (performance.now() - startedMs) / 1000 }, 'phase ended');
      return result;
    },
  };
  try {
    const outcome = await work({ ...run, checkpoints: await checkpointsOf({ db, logger: log }, runId, kept) });
    await finishRun(db, attempt, outcome);
    await removeCheckpoints(db, runId).catch((err: unknown) => log.warn({ err }, 'checkpoints could not be removed'));
    return outcome;
  } catch (error) {
    const isCancelled = cancel.signal.aborted;
    const reported: unknown = isCancelled ? cancel.signal.reason : asFlowlineError(error);
    // The run's own error matters. A failure to store it is only logged.
    await endFailed({ db, logger: log }, attempt, reported, { isCancelled, kept }).catch((err: unknown) => {
      log.error({ err }, 'the failure of the run could not be stored');
    });
    throw reported;
  } finally {
    await watched.stop();
  }
}

/** Stores the error of an attempt, and another attempt to come if the reason may pass. */
async function endFailed(
  { db, logger }: Pick<RunParts, 'db' | 'logger'>,
  attempt: RunAttempt,
  error: unknown,
  { isCancelled, kept }: { readonly isCancelled: boolean; readonly kept: Checkpoints },
): Promise<void> {
  const backoff = isCancelled ? null : backoffAfter(error, attempt.attempt, Math.random());
  const retryAt = backoff === null ? null : await postponeRun(db, attempt, error, backoff);
  if (retryAt === null) {
    await failRun(db, attempt, error, isCancelled ? 'cancelled' : 'failed');
    await removeCheckpoints(db, attempt.runId);
    return;
  }
  // The next attempt waits for the training lease, which is still held.
  await storeCheckpoints(db, attempt.runId, kept);
  logger.warn({ retryAt, attempt: attempt.attempt }, 'the training will be tried again');
}

/** Checkpoints of a run: the stored ones, and those that are kept of this attempt. */
async function checkpointsOf(
  { db, logger }: Pick<RunParts, 'db' | 'logger'>,
  runId: number,
  kept: Map<number, Uint8Array>,
): Promise<MemberCheckpoints> {
  const resume = await readCheckpoints(db, runId);
  if (resume.size > 0) logger.info({ checkpoints: resume.size }, 'the training goes on from its checkpoints');
  return {
    resume,
    keep: (member, bytes) => void kept.set(member, bytes),
    onRejected: (member, err) =>
      logger.warn({ member, err }, 'a checkpoint is of other rows or options: this part of the training begins anew'),
  };
}

function beginRun(db: Database, request: RunRequest): Promise<RunAttempt | null> {
  const { detector, detectorVersion, kind, scheduledFor, requestedRun } = request;
  if (requestedRun !== undefined) return claimRequestedRun(db, requestedRun, detectorVersion);
  if (scheduledFor === null) return startTrainingRun(db, detector, detectorVersion, kind);
  return claimScheduledRun(db, detector, detectorVersion, scheduledFor);
}

/**
 * Converts the error that ended a run to a FlowlineError. Libraries that do not depend on ours
 * throw errors with the same fields, and a signal throws its own.
 */
function asFlowlineError(error: unknown): unknown {
  if (isAbort(error)) {
    return new FlowlineError('FLOWLINE_ABORTED', 'Training was cancelled; the champion is unchanged.', {
      remedy: 'Train again at any time.',
      cause: error,
    });
  }
  if (!(error instanceof Error) || error instanceof FlowlineError) return error;
  const code: unknown = Reflect.get(error, 'code');
  if (!isErrorCode(code)) return error;
  const text = (field: string): object => {
    const value: unknown = Reflect.get(error, field);
    return typeof value === 'string' ? { [field]: value } : {};
  };
  return new FlowlineError(code, error.message, { ...text('where'), ...text('remedy'), cause: error });
}

/** True for the reason of a signal that was aborted without one of its own. */
const isAbort = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && Reflect.get(error, 'name') === 'AbortError';

const isErrorCode = (code: unknown): code is ErrorCode => typeof code === 'string' && code in errorCodes;
