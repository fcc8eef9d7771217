import type { Database } from './database.ts';
import { type DeadAlertRow, reviveDeadAlerts, selectDeadAlerts } from './sql/outbox-dead.ts';
import { withTransaction } from './transaction.ts';

/** An alert that was set aside, as its sink refuses it. */
export type DeadAlert = DeadAlertRow;

/** Which alerts that were set aside are asked for. */
export interface DeadAlertFilter {
  readonly detector?: string;
  /** At most so many (default 50). */
  readonly limit?: number;
  /** Only those before this id: the last of the page before. */
  readonly before?: number;
}

/** Alerts that were set aside, the latest first. */
export function listDeadAlerts(db: Database, filter: DeadAlertFilter = {}): Promise<DeadAlert[]> {
  const { detector, before, limit = 50 } = filter;
  return withTransaction(db, (client) => selectDeadAlerts(client, detector ?? null, before ?? null, limit));
}

/** Lets alerts of a detector that were set aside wait for their sink again: these, or all. @returns how many. */
export async function redriveDeadAlerts(db: Database, detector: string, ids?: readonly number[]): Promise<number> {
  return (await withTransaction(db, (client) => reviveDeadAlerts(client, detector, ids ?? null))).length;
}
