import type { Database } from './database.ts';
import { type ModelEventRow, selectModelEvents } from './sql/model-events.ts';
import { withTransaction } from './transaction.ts';

export type { ModelEventRow };

/** Time after which the events are given up: they are for a page that somebody waits for. */
const TIMEOUT_MS = 10_000;

/** Reads some of the stored events that a model scored on the last day on which it did. */
export function readModelEvents(
  db: Database,
  asked: { readonly detector: string; readonly modelVersion: number; readonly most: number },
): Promise<ModelEventRow[]> {
  return withTransaction(db, (client) => selectModelEvents(client, asked), { readOnly: true, timeoutMs: TIMEOUT_MS });
}
