import type { Database } from './database.ts';
import { selectExcludedIds } from './sql/feedback.ts';
import { withTransaction } from './transaction.ts';

/** Ids of the events that models are not to learn from. */
export interface ExcludedEvents {
  readonly ids: ReadonlySet<string>;
  /** True if there are more, older ones. */
  readonly more: boolean;
}

/** Reads the ids of the events that people confirmed or rules exclude: the latest `limit`. */
export async function excludedEvents(db: Database, detector: string, limit: number): Promise<ExcludedEvents> {
  const rows = await withTransaction(db, (client) => selectExcludedIds(client, { detector, limit: limit + 1 }));
  return { ids: new Set(rows.slice(0, limit).map(({ eventId }) => eventId)), more: rows.length > limit };
}
