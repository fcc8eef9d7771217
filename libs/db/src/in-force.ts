import type { Database } from './database.ts';
import { type AlarmRateRow, selectAlarmRate } from './sql/alarm-rate-select.ts';
import { type InForceRow, selectInForce } from './sql/in-force-select.ts';
import { upsertHeld } from './sql/held-upsert.ts';
import { upsertScoring } from './sql/scoring-upsert.ts';
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
  const [code, reason, remedy] = fault === null ? [null, null, null] : [fault.code, fault.reason, fault.remedy];
  await withTransaction(db, (client) =>
    upsertScoring(client, detector, detectorVersion, modelVersion, alpha, alphaNote, code, reason, remedy),
  );
}

/** Stores which model version is held back and why; null if none is. */
export async function reportHeld(
  db: Database,
  detector: string,
  held: (StateReason & { readonly version: number }) | null,
): Promise<void> {
  await withTransaction(db, (client) =>
    upsertHeld(client, detector, held?.version ?? null, held?.code ?? null, held?.reason ?? null, held?.remedy ?? null),
  );
}

/**
 * Reads the scoring state of a detector; null if neither a scorer nor a trainer has reported yet.
 */
export async function readInForce(db: Database, detector: string): Promise<InForce | null> {
  const [row] = await withTransaction(db, (client) => selectInForce(client, detector));
  return row ?? null;
}

/** Counts the alarms of a detector over the last `days` UTC days, including today. */
export async function readAlarmRate(db: Database, detector: string, days: number): Promise<AlarmRate> {
  const [row] = await withTransaction(db, (client) => selectAlarmRate(client, detector, days));
  return row ?? { events: 0, expected: 0, measured: 0 };
}
