import { type Database, reportStage, type RunAttempt, type StageProgress } from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import { type Logger, pause } from '@flowline/telemetry';

/** A run that is watched while it trains. */
export interface WatchedRun {
  /** Sets the progress to store; null for none. */
  readonly progress: (now: StageProgress | null) => void;
  /** Ends the watch. Resolves once nothing more is stored. */
  readonly stop: () => Promise<void>;
}

const EVERY_MS = 1_000;

/**
 * Stores the progress of a run once per second, and cancels it where that is asked for, or where
 * somebody else has ended it. A failure to ask is repeated: the training lease tells a trainer that
 * is cut off.
 */
export function watchRun(
  { db, logger, cancel }: { readonly db: Database; readonly logger: Logger; readonly cancel: AbortController },
  attempt: RunAttempt,
): WatchedRun {
  const ended = new AbortController();
  let progress: StageProgress | null = null;
  const watch = async (): Promise<void> => {
    for (;;) {
      await pause(EVERY_MS, ended.signal);
      if (ended.signal.aborted || cancel.signal.aborted) return;
      try {
        const cancelledBy = await reportStage(db, attempt, progress);
        if (cancelledBy !== null) cancel.abort(cancelled(cancelledBy));
      } catch (err) {
        if (err instanceof FlowlineError && err.code === 'FLOWLINE_ABORTED') cancel.abort(err);
        else logger.debug({ err }, 'the progress of the run could not be stored; trying again');
      }
    }
  };
  const watching = watch();
  return {
    progress: (now) => {
      progress = now;
    },
    stop: () => {
      ended.abort();
      return watching;
    },
  };
}

function cancelled(by: string): FlowlineError {
  return new FlowlineError('FLOWLINE_ABORTED', `Training was cancelled by ${by}; the champion is unchanged.`, {
    remedy: 'Train again at any time.',
  });
}
