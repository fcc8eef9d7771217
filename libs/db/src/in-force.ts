import type { Database } from './database.ts';
import {
  type AlarmRateRow,
  type InForceRow,
  selectAlarmRate,
  selectInForce,
  upsertHeld,
  upsertScoring,
} from './sql/in-force.ts';
import { withTransaction } from './transaction.ts';

/** Last reported scoring state of a detector, and the model that is held back. */
export type InForce = InForceRow;
/** Alarms of a detector: expected by the alpha in force at scoring, and measured. */
export type AlarmRate = AlarmRateRow;

/** Reason for a state that differs from the intended one, with its remedy. */
export interface StateReason {
  readonly code: string;
  readonly reason: string;
  readonly remedy: string;
}

/** Scoring state as reported by a scorer. */
export interface ScoringState {
  readonly detector: string;
  /** Detector version that it uses. */
  readonly detectorVersion: number;
  /** Model version; null if there is none to score with. */
  readonly modelVersion: number | null;
  readonly alpha: number | null;
  /** Reason why alpha differs from the definition; null if it does not. */
  readonly alphaNote: string | null;
  /** Reason why the champion is not used; null if it is. */
  readonly fault: StateReason | null;
}

/**
 * Stores the current scoring state of a detector. Repeat the call, so that its absence shows that
 * no scorer runs.
 */
export async function reportScoring(db: Database, state: ScoringState): Promise<void> {
  const { detector, detectorVersion, modelVersion, alpha, alphaNote, fault } = state;
  await withTransaction(db, (client) =>
    upsertScoring(client, {
      ...{ detector, detectorVersion, modelVersion, alpha, alphaNote },
      faultCode: fault?.code ?? null,
      faultReason: fault?.reason ?? null,
      faultRemedy: fault?.remedy ?? null,
    }),
  );
}

/** Stores which model version is held back and why; null if none is. */
export async function reportHeld(
  db: Database,
  detector: string,
  held: (StateReason & { readonly version: number }) | null,
): Promise<void> {
  const { version, code, reason, remedy } = held ?? { version: null, code: null, reason: null, remedy: null };
  await withTransaction(db, (client) => upsertHeld(client, { detector, version, code, reason, remedy }));
}

/**
 * Reads the scoring state of a detector; null if neither a scorer nor a trainer has reported yet.
 */
export async function readInForce(db: Database, detector: string): Promise<InForce | null> {
  return withTransaction(db, (client) => selectInForce(client, { detector }));
}

/** Counts the alarms of a detector over the last `days` UTC days, including today. */
export async function readAlarmRate(db: Database, detector: string, days: number): Promise<AlarmRate> {
  return withTransaction(db, (client) => selectAlarmRate(client, { detector, days }));
}
