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

/** What a training run is for. */
export interface RunRequest {
  readonly detector: string;
  readonly detectorVersion: number;
  /** The tick of the schedule; null when a person asked. */
  readonly scheduledFor: Date | null;
}

/** A training run as it goes on: its phases are stored as they begin, so that everybody sees how far it is. */
export interface RecordedRun {
  readonly runId: number;
  /** Stores that a phase begins, runs it, and logs how long it took. */
  phase<Result>(name: string, work: () => Promise<Result>): Promise<Result>;
  /** The learning curves to be stored with the next phase. */
  curves(curves: object): void;
}

/**
 * Runs a training and stores it as a run: running → succeeded | failed (also when cancelled: FLOWLINE_ABORTED). Call it holding
 * the training lock.
 * @returns null where the scheduled time has been run, or is given up, already.
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
    // The run's own error is what matters; that it could not be stored as well is only logged.
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

/** What ended a run, as an error of ours: libraries that know nothing of ours throw the same fields, and a signal its own. */
function asFlowlineError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof FlowlineError) return error;
  if (error.name === 'AbortError') {
    return new FlowlineError('FLOWLINE_ABORTED', 'Training was cancelled; the champion is as it was.', {
      remedy: 'Train again when it suits.',
      cause: error,
    });
  }
  const code: unknown = Reflect.get(error, 'code');
  if (!isErrorCode(code)) return error;
  const text = (field: string): object => {
    const value: unknown = Reflect.get(error, field);
    return typeof value === 'string' ? { [field]: value } : {};
  };
  return new FlowlineError(code, error.message, { ...text('where'), ...text('remedy'), cause: error });
}

const isErrorCode = (code: unknown): code is ErrorCode => typeof code === 'string' && code in errorCodes;
