import { FlowlineError } from '@flowline/events';

import type { Database } from './database.ts';
import { errorCode } from './database-error.ts';
import { jsonText } from './json-text.ts';
import { claimTrainingRun } from './sql/training-run-claim.ts';
import { finishTrainingRun } from './sql/training-run-finish.ts';
import { insertTrainingRun } from './sql/training-run-insert.ts';
import { selectLastTick } from './sql/training-run-last-tick.ts';
import { updateTrainingRun } from './sql/training-run-progress.ts';
import { abandonTrainingRuns } from './sql/training-runs-abandon.ts';
import { selectTrainingRuns, type TrainingRunRow } from './sql/training-runs-select.ts';
import { withTransaction } from './transaction.ts';

/** A training run, as it is stored. */
export type TrainingRun = TrainingRunRow;

/** A tick whose trainer keeps dying is given up after so many attempts. */
const MAX_ATTEMPTS = 3;

/** What came of a run that succeeded. */
export interface TrainingOutcome {
  readonly modelVersion: number;
  readonly promoted: boolean;
  /** JSON: held-out likelihoods, counts, durations. */
  readonly metrics: object;
}

/** Begins a run that a person asked for; call it holding the training lock. */
export async function startTrainingRun(db: Database, detector: string, detectorVersion: number): Promise<number> {
  const [row] = await withTransaction(db, (client) => insertTrainingRun(client, detector, detectorVersion));
  return row?.runId ?? NaN;
}

/**
 * Claims one tick of the schedule: exactly one caller gets a run; the others get null. A run that was abandoned may be claimed
 * again (at most 3 attempts). Call it holding the training lock, after {@link abandonStaleRuns}.
 */
export async function claimScheduledRun(
  db: Database,
  detector: string,
  detectorVersion: number,
  scheduledFor: Date,
): Promise<{ runId: number; attempt: number } | null> {
  const [row] = await withTransaction(db, (client) =>
    claimTrainingRun(client, detector, detectorVersion, scheduledFor, MAX_ATTEMPTS),
  );
  return row ?? null;
}

/** Marks runs as abandoned whose trainer died; call it holding the training lock. Returns how many. */
export async function abandonStaleRuns(db: Database, detector: string): Promise<number> {
  return (await withTransaction(db, (client) => abandonTrainingRuns(client, detector))).length;
}

/** Notes the phase a run is in, and its curves so far. @throws FlowlineError FLOWLINE_ABORTED when the run was ended by somebody. */
export async function recordProgress(db: Database, runId: number, phase: string, curves?: object): Promise<void> {
  const text = curves === undefined ? null : jsonText(curves);
  const rows = await withTransaction(db, (client) => updateTrainingRun(client, runId, phase, text));
  if (rows.length === 0) throw runEnded(runId);
}

/** Ends a run that made a model. @throws FlowlineError FLOWLINE_ABORTED when the run was ended by somebody. */
export async function finishRun(db: Database, runId: number, outcome: TrainingOutcome): Promise<void> {
  const { modelVersion, promoted, metrics } = outcome;
  const rows = await withTransaction(db, (client) =>
    finishTrainingRun(client, runId, 'succeeded', jsonText(metrics), modelVersion, promoted, null),
  );
  if (rows.length === 0) throw runEnded(runId);
}

/** Ends a run with the error that stopped it: in words that anybody may read. */
export async function failRun(db: Database, runId: number, error: unknown): Promise<void> {
  const text = jsonText(publicReport(error));
  await withTransaction(db, (client) => finishTrainingRun(client, runId, 'failed', '{}', null, null, text));
}

/** An error for those who may not read the data that it is about: what Postgres says of a statement may quote any of it. */
function publicReport(error: unknown): {
  readonly code: string;
  readonly message: string;
  readonly remedy: string | null;
} {
  if (!(error instanceof FlowlineError)) {
    const message = error instanceof Error ? error.message : String(error);
    return { code: 'FLOWLINE_TRAINING_FAILED', message, remedy: null };
  }
  const { code, publicMessage, remedy = null, cause } = error;
  if (code !== 'FLOWLINE_DATABASE_FAILED') return { code, message: publicMessage, remedy };
  return { code, message: `Postgres refused a statement with SQLSTATE ${errorCode(cause) ?? 'unknown'}.`, remedy };
}

/** The latest tick that was claimed (and not abandoned), or null: a tick after it that has passed was missed. */
export async function lastScheduledTime(db: Database, detector: string): Promise<Date | null> {
  const [row] = await withTransaction(db, (client) => selectLastTick(client, detector));
  return row?.scheduledFor ?? null;
}

/** The latest runs of a detector (or of all), newest first. */
export async function listTrainingRuns(db: Database, detector?: string, limit = 50): Promise<TrainingRun[]> {
  return withTransaction(db, (client) => selectTrainingRuns(client, detector ?? null, limit));
}

function runEnded(runId: number): FlowlineError {
  return new FlowlineError('FLOWLINE_ABORTED', `Training run ${runId} is not running any more.`, {
    where: `training run ${runId}`,
    remedy: 'Another trainer took over; see `flowline.training_runs`.',
  });
}
