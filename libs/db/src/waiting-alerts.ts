import { boundedName } from './bounded-name.ts';
import type { Database } from './database.ts';
import { selectWaitingAlerts, setAsideWaiting, type WaitingAlertsRow } from './sql/outbox.ts';
import { withTransaction } from './transaction.ts';

/** Waiting alerts of one detector for one topic. */
export type WaitingAlerts = WaitingAlertsRow;

/** Lists the waiting alerts of a detector, or of all, by queue; the longest wait first. */
export function listWaitingAlerts(db: Database, detector?: string): Promise<WaitingAlerts[]> {
  return withTransaction(db, (client) => selectWaitingAlerts(client, { detector: detector ?? null }));
}

/**
 * Sets the waiting alerts of a detector for one topic, or for one sink by name, aside, as if the
 * sink refused them, so that they can be redriven. @returns their number.
 */
export async function setAsideWaitingAlerts(
  db: Database,
  detector: string,
  queue: { readonly topic: string } | { readonly sink: string },
): Promise<number> {
  const { sink, topic } = 'sink' in queue ? { ...queue, topic: '' } : { sink: null, topic: boundedName(queue.topic) };
  return (await withTransaction(db, (client) => setAsideWaiting(client, { detector, sink, topic }))).length;
}
