import type { Database } from './database.ts';
import { type DeadAlertRow, reviveDeadAlerts, selectDeadAlerts } from './sql/dead-alerts.ts';
import { withTransaction } from './transaction.ts';

/** Alert set aside because its sink refuses it. */
export type DeadAlert = DeadAlertRow;

/** Filter for alerts that were set aside. */
export interface DeadAlertFilter {
  readonly detector?: string;
  /** Maximum rows (default 50). */
  readonly limit?: number;
  /** Upper bound of the id, exclusive: the last id of the previous page. */
  readonly before?: number;
}

/** Lists alerts that were set aside, latest first. */
export function listDeadAlerts(db: Database, filter: DeadAlertFilter = {}): Promise<DeadAlert[]> {
  const { detector, before, limit = 50 } = filter;
  return withTransaction(db, (client) =>
    selectDeadAlerts(client, { detector: detector ?? null, before: before ?? null, limit }),
  );
}

/**
 * Returns set-aside alerts of a detector to the queue: the given ones, or all. @returns their
 * number.
 */
export async function redriveDeadAlerts(db: Database, detector: string, ids?: readonly number[]): Promise<number> {
  const revived = { detector, outboxIds: ids ?? null };
  return (await withTransaction(db, (client) => reviveDeadAlerts(client, revived))).length;
}
