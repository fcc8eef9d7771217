import type { Database } from './database.ts';
import { type DeadLetterRow, selectDeadLetters } from './sql/dead-letters-select.ts';
import { withTransaction } from './transaction.ts';

/** A dead letter, as it is stored: its key and value are the original bytes. */
export type StoredDeadLetter = DeadLetterRow;

/** Which dead letters are asked for. */
export interface DeadLetterFilter {
  readonly detector?: string;
  readonly reason?: string;
  /** At most so many (default 50). */
  readonly limit?: number;
  /** Only those before this id: the last of the page before. */
  readonly before?: number;
}

/** Dead letters, latest first. */
export async function listDeadLetters(db: Database, filter: DeadLetterFilter = {}): Promise<StoredDeadLetter[]> {
  const { detector, reason, before, limit = 50 } = filter;
  return withTransaction(db, (client) =>
    selectDeadLetters(client, detector ?? null, reason ?? null, before ?? null, limit),
  );
}
