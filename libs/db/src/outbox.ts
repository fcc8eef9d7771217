import type { AlertSink, Undelivered } from '@flowline/stream';

import { boundedName } from './bounded-name.ts';
import type { Database } from './database.ts';
import { claimOutbox } from './sql/outbox-claim.ts';
import { type OutboxQueue, selectOutboxQueues } from './sql/outbox-queues.ts';
import { settleOutbox } from './sql/outbox-settle.ts';
import { selectOutboxStatus } from './sql/outbox-status.ts';
import { withTransaction } from './transaction.ts';

export type { OutboxQueue } from './sql/outbox-queues.ts';

/** Sending may take this long before the claim is given up, and the alerts are sent again. */
const SEND_TIMEOUT_MS = 60_000;
const AT_ONCE = 500;
/** Whose alerts are sent where nobody says otherwise. */
const KAFKA = 'kafka';

/** Which alerts a relay sends. */
export interface RelayOptions {
  /** At most so many of a queue at once (default 500). */
  readonly limit?: number;
  /** Only those of these detectors. */
  readonly detectors?: readonly string[];
  /** Only those that are addressed to this sink (default `kafka`). */
  readonly addressee?: string;
}

/** What became of the alerts that a relay took from a queue. */
export interface RelayReport {
  readonly sent: number;
  /** Set aside, as the sink will never take them as they are. */
  readonly refused: readonly { readonly alertId: string; readonly error: unknown }[];
  /** Why the others go on waiting; null where none does. */
  readonly failure: { readonly error: unknown } | null;
}

/** The queues in which alerts wait for a sink: one for each detector and topic. */
export async function outboxQueues(
  db: Database,
  options: Omit<RelayOptions, 'limit'> & { readonly topics?: readonly string[] } = {},
): Promise<readonly OutboxQueue[]> {
  const { detectors, addressee = KAFKA } = options;
  const topics = options.topics?.map(boundedName);
  const queues = await withTransaction(db, (client) => selectOutboxQueues(client, addressee, detectors ?? null));
  return queues.filter(({ topic }) => topics?.includes(topic) ?? true);
}

/**
 * Sends the oldest alerts of a queue, then marks them as sent: at least once, repeats under the same id. Those that the sink refuses
 * for good are set aside with the reason, so that the ones behind them leave. Relays may run side by side; each takes others' alerts
 * only when they are free.
 * @throws FlowlineError of the database, with the alerts still waiting.
 */
export async function relayQueue(
  db: Database,
  sink: AlertSink,
  { detector, topic }: OutboxQueue,
  { limit = AT_ONCE, addressee = KAFKA }: Omit<RelayOptions, 'detectors'> = {},
): Promise<RelayReport> {
  return withTransaction(
    db,
    async (client) => {
      const rows = await claimOutbox(client, addressee, detector, topic, limit);
      if (rows.length === 0) return { sent: 0, refused: [], failure: null };
      const messages = rows.map(({ outboxId: _, ...message }) => message);
      let undelivered: readonly Undelivered[];
      try {
        undelivered = await sink.send(messages);
      } catch (error) {
        // The sink's own error, as it is: a broker that refuses must not read as a database that does.
        return { sent: 0, refused: [], failure: { error } };
      }
      const refused = undelivered.filter((one) => one.refused);
      const waiting = undelivered.find((one) => !one.refused);
      const kept = new Set(undelivered.map(({ alertId }) => alertId));
      const sent = rows.filter(({ alertId }) => !kept.has(alertId)).map(({ outboxId }) => outboxId);
      const idOf = new Map(rows.map(({ alertId, outboxId }) => [alertId, outboxId]));
      await settleOutbox(
        client,
        sent,
        refused.map(({ alertId }) => idOf.get(alertId) ?? 0),
        refused.map(({ error }) => (error instanceof Error ? error.message : String(error))),
      );
      return { sent: sent.length, refused, failure: waiting === undefined ? null : { error: waiting.error } };
    },
    { timeoutMs: SEND_TIMEOUT_MS, idleTimeoutMs: SEND_TIMEOUT_MS },
  );
}

/**
 * Sends the oldest alerts of every queue that has some: see {@link relayQueue}.
 * @returns how many were sent; when it is the limit, more may wait.
 * @throws whatever the sink throws first, once every queue has been tried; FlowlineError of the database.
 */
export async function relayOutbox(db: Database, sink: AlertSink, options: RelayOptions = {}): Promise<number> {
  let sent = 0;
  let failure: RelayReport['failure'] = null;
  for (const queue of await outboxQueues(db, options)) {
    const report = await relayQueue(db, sink, queue, options);
    sent += report.sent;
    failure ??= report.failure;
  }
  if (failure !== null) throw failure.error;
  return sent;
}

/** How many alerts wait for a sink, the seconds that the oldest has waited (null for none), and how many were set aside. */
export async function outboxStatus(
  db: Database,
  sink = KAFKA,
): Promise<{ pending: number; oldestSeconds: number | null; dead: number }> {
  const [row] = await withTransaction(db, (client) => selectOutboxStatus(client, sink));
  return row ?? { pending: 0, oldestSeconds: null, dead: 0 };
}
