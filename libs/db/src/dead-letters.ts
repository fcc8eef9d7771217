import type { Database } from './database.ts';
import { type DeadLetterRow, selectDeadLetters } from './sql/dead-letters.ts';
import { withTransaction } from './transaction.ts';

/** Dead letter as stored; its key and value are the original bytes. */
export type StoredDeadLetter = DeadLetterRow;

/** Filter for dead letters. */
export interface DeadLetterFilter {
  readonly detector?: string;
  readonly reason?: string;
  /** Maximum rows (default 50). */
  readonly limit?: number;
  /** Upper bound of the id, exclusive: the last id of the previous page. */
  readonly before?: number;
}

/** Lists dead letters, latest first. */
export async function listDeadLetters(db: Database, filter: DeadLetterFilter = {}): Promise<StoredDeadLetter[]> {
  const { detector, reason, before, limit = 50 } = filter;
  return withTransaction(db, (client) =>
    selectDeadLetters(client, {
      detector: detector ?? null,
      reason: reason ?? null,
      beforeId: before ?? null,
      limit,
    }),
  );
}
