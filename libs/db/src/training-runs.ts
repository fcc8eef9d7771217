import type { Database } from './database.ts';
import { jsonText } from './json-text.ts';
import { publicReport } from './public-report.ts';
import { runEnded } from './run-ended.ts';
import { settleTrainingRuns } from './sql/training-requests.ts';
import {
  claimTrainingRun,
  finishTrainingRun,
  insertTrainingRun,
  postponeTrainingRun,
  type RunAttempt,
  type RunKind,
  selectLastTick,
  selectTrainingRun,
  selectTrainingRuns,
  type TrainingRunRow,
  updateTrainingRun,
} from './sql/training-runs.ts';
import { MAX_ATTEMPTS } from './training-attempts.ts';
import { withTransaction } from './transaction.ts';

export type { RunAttempt, RunKind };
/** Training run as stored. */
export type TrainingRun = TrainingRunRow;

/** Result of a successful run. */
export interface TrainingOutcome {
  readonly modelVersion: number;
  readonly promoted: boolean;
  /** Metrics as JSON: held-out likelihoods, counts, durations. */
  readonly metrics: object;
}

/** Begins a run on demand. The caller must hold the training lock. */
export async function startTrainingRun(
  db: Database,
  detector: string,
  detectorVersion: number,
  kind: RunKind = 'training',
): Promise<RunAttempt> {
  return withTransaction(db, (client) => insertTrainingRun(client, { detector, detectorVersion, kind }));
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
): Promise<RunAttempt | null> {
  const tick = { detector, detectorVersion, scheduledFor, maxAttempts: MAX_ATTEMPTS };
  return withTransaction(db, (client) => claimTrainingRun(client, tick));
}

/**
 * Settles the runs of a dead trainer and returns their number: they are abandoned; cancelled if
 * that was asked for; or wait again, if they were requested. The caller must hold the training
 * lock.
 */
export async function abandonStaleRuns(db: Database, detector: string): Promise<number> {
  return (await withTransaction(db, (client) => settleTrainingRuns(client, { detector, maxAttempts: MAX_ATTEMPTS })))
    .length;
}

/**
 * Stores the current phase of an attempt, and its curves so far.
 * @throws FlowlineError FLOWLINE_ABORTED if the attempt is no longer running.
 */
export async function recordProgress(
  db: Database,
  { runId, attempt }: RunAttempt,
  phase: string,
  curves?: object,
): Promise<void> {
  const now = { runId, attempt, phase, curves: curves === undefined ? null : jsonText(curves) };
  const updated = await withTransaction(db, (client) => updateTrainingRun(client, now));
  if (updated === null) throw runEnded(runId);
}

/**
 * Ends an attempt that produced a model, and its run.
 * @throws FlowlineError FLOWLINE_ABORTED if the attempt is no longer running.
 */
export async function finishRun(
  db: Database,
  { runId, attempt }: RunAttempt,
  { modelVersion, promoted, metrics }: TrainingOutcome,
): Promise<void> {
  const made = { modelVersion, promoted, metrics: jsonText(metrics), error: null };
  const end = { runId, attempt, status: 'succeeded', ...made };
  const finished = await withTransaction(db, (client) => finishTrainingRun(client, end));
  if (finished === null) throw runEnded(runId);
}

/**
 * Ends an attempt, and its run, with the error that stopped it, in a form that reveals no data. One
 * that is over already changes nothing: its run may be in the hands of another trainer.
 */
export async function failRun(
  db: Database,
  { runId, attempt }: RunAttempt,
  error: unknown,
  status: 'failed' | 'cancelled' = 'failed',
): Promise<void> {
  const text = jsonText(publicReport(error));
  const end = { runId, attempt, status, metrics: '{}', modelVersion: null, promoted: null, error: text };
  await withTransaction(db, (client) => finishTrainingRun(client, end));
}

/** Backoff before the next attempt at a run: the seconds, and how many attempts there may be. */
export interface Backoff {
  readonly seconds: number;
  readonly maxAttempts: number;
}

/**
 * Ends an attempt that another one follows. Resolves to the time from which it may be made; null if
 * there is none: the run is on demand or over, its cancellation was asked for, or no attempt is
 * left.
 */
export async function postponeRun(
  db: Database,
  { runId, attempt }: RunAttempt,
  error: unknown,
  { seconds, maxAttempts }: Backoff,
): Promise<Date | null> {
  const end = { runId, attempt, error: jsonText(publicReport(error)), seconds, maxAttempts };
  return (await withTransaction(db, (client) => postponeTrainingRun(client, end)))?.retryAt ?? null;
}

/**
 * Reads the latest tick that was claimed, and neither abandoned nor due for another attempt, or
 * null. Any later tick that has passed was missed.
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
