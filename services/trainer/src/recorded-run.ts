import {
  claimScheduledRun,
  type Database,
  failRun,
  finishRun,
  recordProgress,
  startTrainingRun,
  type TrainingOutcome,
} from '@flowline/db';
import { type ErrorCode, errorCodes, FlowlineError } from '@flowline/events';
import type { Logger } from '@flowline/telemetry';

/** Request for a training run. */
export interface RunRequest {
  readonly detector: string;
  readonly detectorVersion: number;
  /** The scheduled time; null if a person requested the training. */
  readonly scheduledFor: Date | null;
}

/**
 * A training run in progress. Its phases are stored as they begin, so that everyone can see how far
 * it is.
 */
export interface RecordedRun {
  readonly runId: number;
  /** Stores the start of a phase, runs it, and logs its duration. */
  phase<Result>(name: string, work: () => Promise<Result>): Promise<Result>;
  /** Sets the learning curves to store with the next phase. */
  curves(curves: object): void;
}

/**
 * Runs a training and stores it as a run: running → succeeded | failed (also if cancelled:
 * FLOWLINE_ABORTED). The caller must hold the training lock.
 * @returns null if the scheduled time has already been run or given up.
 */
export async function recordRun<Outcome extends TrainingOutcome>(
  db: Database,
  logger: Logger,
  request: RunRequest,
  work: (run: RecordedRun) => Promise<Outcome>,
): Promise<Outcome | null> {
  const runId = await beginRun(db, request);
  if (runId === null) return null;
  const log = logger.child({ runId });
  let curves: object | undefined;
  const run: RecordedRun = {
    runId,
    curves: (made) => {
      curves = made;
    },
    phase: async (name, phaseWork) => {
      await recordProgress(db, runId, name, curves);
      const startedMs = performance.now();
      const result = await phaseWork();
      log.debug({ phase: name, seconds: (performance.now() - startedMs) / 1000 }, 'phase ended');
      return result;
    },
  };
  try {
    const outcome = await work(run);
    await finishRun(db, runId, outcome);
    return outcome;
  } catch (error) {
    const reported = asFlowlineError(error);
    // The run's own error matters. A failure to store it is only logged.
    await failRun(db, runId, reported).catch((err: unknown) => {
      log.error({ err }, 'the failure of the run could not be stored');
    });
    throw reported;
  }
}

async function beginRun(db: Database, request: RunRequest): Promise<number | null> {
  const { detector, detectorVersion, scheduledFor } = request;
  if (scheduledFor === null) return startTrainingRun(db, detector, detectorVersion);
  return (await claimScheduledRun(db, detector, detectorVersion, scheduledFor))?.runId ?? null;
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
