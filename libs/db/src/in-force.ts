import type { Database } from './database.ts';
import { type AlarmRateRow, selectAlarmRate } from './sql/alarm-rate-select.ts';
import { type InForceRow, selectInForce } from './sql/in-force-select.ts';
import { upsertHeld } from './sql/held-upsert.ts';
import { upsertScoring } from './sql/scoring-upsert.ts';
import { withTransaction } from './transaction.ts';

/** State of a detector: what scores it, as its scorer said last, and which model is held back. */
export type InForce = InForceRow;
/** Alarms expected, by the alpha that decided, and measured. */
export type AlarmRate = AlarmRateRow;

/** Reason why something is not as it might be, with what to do about it. */
export interface StateReason {
  readonly code: string;
  readonly reason: string;
  readonly remedy: string;
}

/** What a scorer says of itself. */
export interface ScoringState {
  readonly detector: string;
  /** The definition that it follows. */
  readonly detectorVersion: number;
  /** null: there is none to score with. */
  readonly modelVersion: number | null;
  readonly alpha: number | null;
  /** Why alpha is not what the definition asks for; null where it is. */
  readonly alphaNote: string | null;
  /** Why the champion is not used; null where it is. */
  readonly fault: StateReason | null;
}

/** Stores what scores a detector now; to be repeated, so that its silence tells that none runs. */
export async function reportScoring(db: Database, state: ScoringState): Promise<void> {
  const { detector, detectorVersion, modelVersion, alpha, alphaNote, fault } = state;
  const [code, reason, remedy] = fault === null ? [null, null, null] : [fault.code, fault.reason, fault.remedy];
  await withTransaction(db, (client) =>
    upsertScoring(client, detector, detectorVersion, modelVersion, alpha, alphaNote, code, reason, remedy),
  );
}

/** Stores which model version is held back and why; null: none is. */
export async function reportHeld(
  db: Database,
  detector: string,
  held: (StateReason & { readonly version: number }) | null,
): Promise<void> {
  await withTransaction(db, (client) =>
    upsertHeld(client, detector, held?.version ?? null, held?.code ?? null, held?.reason ?? null, held?.remedy ?? null),
  );
}

/** The state of a detector; null where neither a scorer nor a trainer has said anything of it yet. */
export async function readInForce(db: Database, detector: string): Promise<InForce | null> {
  const [row] = await withTransaction(db, (client) => selectInForce(client, detector));
  return row ?? null;
}

/** Alarms of a detector over the last so many UTC days, today among them. */
export async function readAlarmRate(db: Database, detector: string, days: number): Promise<AlarmRate> {
  const [row] = await withTransaction(db, (client) => selectAlarmRate(client, detector, days));
  return row ?? { events: 0, expected: 0, measured: 0 };
}
