import { messageOf, FlowlineError } from '@flowline/events';

import type { Database } from './database.ts';
import { errorCode } from './database-error.ts';
import { jsonText } from './json-text.ts';
import {
  abandonTrainingRuns,
  claimTrainingRun,
  finishTrainingRun,
  insertTrainingRun,
  selectLastTick,
  selectTrainingRun,
  selectTrainingRuns,
  type TrainingRunRow,
  updateTrainingRun,
} from './sql/training-runs.ts';
import { withTransaction } from './transaction.ts';

/** Training run as stored. */
export type TrainingRun = TrainingRunRow;

/** Maximum attempts for a tick whose trainer keeps dying. */
const MAX_ATTEMPTS = 3;

/** Result of a successful run. */
export interface TrainingOutcome {
  readonly modelVersion: number;
  readonly promoted: boolean;
  /** Metrics as JSON: held-out likelihoods, counts, durations. */
  readonly metrics: object;
}

/** Begins a run on demand. The caller must hold the training lock. */
export async function startTrainingRun(db: Database, detector: string, detectorVersion: number): Promise<number> {
  const { runId } = await withTransaction(db, (client) => insertTrainingRun(client, { detector, detectorVersion }));
  return runId;
}

/**
 * Claims one tick of the schedule: exactly one caller gets a run, the others get null. An abandoned
 * run may be claimed again (at most 3 attempts). The caller must hold the training lock and call
 * {@link abandonStaleRuns} first.
 */
export async function claimScheduledRun(
  db: Database,
  detector: string,
  detectorVersion: number,
  scheduledFor: Date,
): Promise<{ runId: number; attempt: number } | null> {
  const tick = { detector, detectorVersion, scheduledFor, maxAttempts: MAX_ATTEMPTS };
  return withTransaction(db, (client) => claimTrainingRun(client, tick));
}

/**
 * Marks the runs of a dead trainer as abandoned and returns their number. The caller must hold the
 * training lock.
 */
export async function abandonStaleRuns(db: Database, detector: string): Promise<number> {
  return (await withTransaction(db, (client) => abandonTrainingRuns(client, { detector }))).length;
}

/**
 * Stores the current phase of a run, and its curves so far.
 * @throws FlowlineError FLOWLINE_ABORTED if the run is no longer running.
 */
export async function recordProgress(db: Database, runId: number, phase: string, curves?: object): Promise<void> {
  const text = curves === undefined ? null : jsonText(curves);
  const updated = await withTransaction(db, (client) => updateTrainingRun(client, { runId, phase, curves: text }));
  if (updated === null) throw runEnded(runId);
}

/**
 * Ends a run that produced a model.
 * @throws FlowlineError FLOWLINE_ABORTED if the run is no longer running.
 */
export async function finishRun(db: Database, runId: number, outcome: TrainingOutcome): Promise<void> {
  const { modelVersion, promoted } = outcome;
  const end = { runId, status: 'succeeded', metrics: jsonText(outcome.metrics), modelVersion, promoted, error: null };
  const finished = await withTransaction(db, (client) => finishTrainingRun(client, end));
  if (finished === null) throw runEnded(runId);
}

/** Ends a run with the error that stopped it, in a form that reveals no data. */
export async function failRun(db: Database, runId: number, error: unknown): Promise<void> {
  const text = jsonText(publicReport(error));
  const end = { runId, status: 'failed', metrics: '{}', modelVersion: null, promoted: null, error: text };
  await withTransaction(db, (client) => finishTrainingRun(client, end));
}

/**
 * Report of an error for readers without access to its data: the Postgres message of a failed
 * statement may quote any of it.
 */
function publicReport(error: unknown): {
  readonly code: string;
  readonly message: string;
  readonly remedy: string | null;
} {
  if (!(error instanceof FlowlineError)) {
    return { code: 'FLOWLINE_TRAINING_FAILED', message: messageOf(error), remedy: null };
  }
  const { code, publicMessage, remedy = null, cause } = error;
  if (code !== 'FLOWLINE_DATABASE_FAILED') return { code, message: publicMessage, remedy };
  return { code, message: `Postgres refused a statement with SQLSTATE ${errorCode(cause) ?? 'unknown'}.`, remedy };
}

/**
 * Reads the latest tick that was claimed and not abandoned, or null. Any later tick that has passed
 * was missed.
 */
export async function lastScheduledTime(db: Database, detector: string): Promise<Date | null> {
  return (await withTransaction(db, (client) => selectLastTick(client, { detector }))).scheduledFor;
}

/** Lists the latest runs of a detector (or of all), newest first, below the id `before`. */
export async function listTrainingRuns(
  db: Database,
  detector?: string,
  limit = 50,
  before?: number,
): Promise<TrainingRun[]> {
  const range = { detector: detector ?? null, before: before ?? null, limit };
  return withTransaction(db, (client) => selectTrainingRuns(client, range));
}

/** Reads one training run; null if there is none of this id. */
export function getTrainingRun(db: Database, runId: number): Promise<TrainingRun | null> {
  return withTransaction(db, (client) => selectTrainingRun(client, { runId }));
}

function runEnded(runId: number): FlowlineError {
  return new FlowlineError('FLOWLINE_ABORTED', `Training run ${runId} is not running any more.`, {
    where: `training run ${runId}`,
    remedy: 'Another trainer took over; see `flowline.training_runs`.',
  });
}
