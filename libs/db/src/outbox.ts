import { at, messageOf } from '@flowline/events';
import type { AlertSink, Undelivered } from '@flowline/stream';

import { EXPLANATION_WAIT_MS, isUnexplained, textToSend } from './awaited-explanation.ts';
import { boundedName } from './bounded-name.ts';
import type { Database, Queryable } from './database.ts';
import {
  claimOutbox,
  noteUnsent,
  type OutboxQueue,
  type OutboxRow,
  selectOutboxQueues,
  selectOutboxStatus,
  settleOutbox,
  takeQueue,
} from './sql/outbox.ts';
import { withTransaction } from './transaction.ts';

export type { OutboxQueue } from './sql/outbox.ts';

/** Timeout of a send, after which the claim is released and the alerts are sent again. */
const SEND_TIMEOUT_MS = 60_000;
const ALERTS_PER_SEND = 500;
/** Default sink whose alerts are sent. */
const KAFKA = 'kafka';

/** Options that select the alerts of a relay. */
export interface RelayOptions {
  /** Maximum alerts per queue at once (default 500). */
  readonly limit?: number;
  /** Restricts the relay to these detectors. */
  readonly detectors?: readonly string[];
  /** Restricts the relay to alerts for this sink (default `kafka`). */
  readonly addressee?: string;
  /**
   * Longest time that a message waits for its explanation (default {@link EXPLANATION_WAIT_MS});
   * null for no limit.
   */
  readonly holdMs?: number | null;
}

/** Outcome of the alerts that a relay claimed from a queue. */
export interface RelayReport {
  readonly sent: number;
  /** Alerts among them that left without the explanation that they waited for. */
  readonly unexplained: number;
  /** Alerts set aside because the sink will never accept them as they are. */
  readonly refused: readonly { readonly messageId: string; readonly error: unknown }[];
  /** Reason why the other alerts still wait; null if none does. */
  readonly failure: { readonly error: unknown } | null;
}

/** Report of a relay that found nothing to send. */
const NOTHING: RelayReport = { sent: 0, unexplained: 0, refused: [], failure: null };

/** Lists the queues with waiting alerts for a sink, one per detector and topic. */
export async function outboxQueues(
  db: Database,
  options: Omit<RelayOptions, 'limit' | 'holdMs'> & { readonly topics?: readonly string[] } = {},
): Promise<readonly OutboxQueue[]> {
  const { detectors, addressee = KAFKA } = options;
  const topics = options.topics?.map(boundedName);
  const queues = await withTransaction(db, (client) =>
    selectOutboxQueues(client, { sink: addressee, detectors: detectors ?? null }),
  );
  return queues.filter(({ topic }) => topics?.includes(topic) ?? true);
}

/**
 * Sends the oldest alerts of a queue, then marks them as sent: at least once, with repeats under
 * the same id. Alerts that the sink refuses for good are set aside with the reason, so that they do
 * not block those behind them. Relays may run concurrently: each leaves a queue alone while another
 * sends it, so that messages arrive in order. A message whose anomaly is not explained yet waits
 * for that, and with it later ones of its fingerprint.
 * @throws FlowlineError of the database, with the alerts still waiting.
 */
export async function relayQueue(
  db: Database,
  sink: AlertSink,
  { detector, topic }: OutboxQueue,
  { limit = ALERTS_PER_SEND, addressee = KAFKA, holdMs = EXPLANATION_WAIT_MS }: Omit<RelayOptions, 'detectors'> = {},
): Promise<RelayReport> {
  return withTransaction(
    db,
    async (client) => {
      if (!(await takeQueue(client, { sink: addressee, detector, topic })).taken) return NOTHING;
      const rows = await claimOutbox(client, { sink: addressee, detector, topic, limit, holdMs });
      if (rows.length === 0) return NOTHING;
      const messages = rows.map((row) => {
        const { messageId, topic: to, key, headers } = row;
        return { messageId, topic: to, key, headers, value: textToSend(row) };
      });
      let undelivered: readonly Undelivered[];
      try {
        undelivered = await sink.send(messages);
      } catch (error) {
        // The sink's own error, unchanged: a refusal by the broker must not look like one by the
        // database.
        await noteUnsent(client, { outboxId: at(rows, 0).outboxId, reason: messageOf(error) });
        return { ...NOTHING, failure: { error } };
      }
      return settle(client, rows, undelivered);
    },
    { timeoutMs: SEND_TIMEOUT_MS, idleTimeoutMs: SEND_TIMEOUT_MS },
  );
}

/** Marks the delivered alerts as sent, and sets aside those that were refused. */
async function settle(
  client: Queryable,
  rows: readonly OutboxRow[],
  undelivered: readonly Undelivered[],
): Promise<RelayReport> {
  const failures = new Map(undelivered.map((failure) => [failure.messageId, failure]));
  const sentRows = rows.filter(({ messageId }) => !failures.has(messageId));
  const refusedRows = rows.flatMap(({ messageId, outboxId }) => {
    const failure = failures.get(messageId);
    return failure?.refused === true ? [{ outboxId, reason: messageOf(failure.error) }] : [];
  });
  await settleOutbox(client, {
    sentIds: sentRows.map(({ outboxId }) => outboxId),
    refusedIds: refusedRows.map(({ outboxId }) => outboxId),
    reasons: refusedRows.map(({ reason }) => reason),
  });
  const waiting = undelivered.find(({ refused }) => !refused);
  const unsent = rows.find(({ messageId }) => messageId === waiting?.messageId);
  if (waiting !== undefined && unsent !== undefined) {
    await noteUnsent(client, { outboxId: unsent.outboxId, reason: messageOf(waiting.error) });
  }
  return {
    sent: sentRows.length,
    unexplained: sentRows.filter(isUnexplained).length,
    refused: undelivered.filter(({ refused }) => refused),
    failure: waiting === undefined ? null : { error: waiting.error },
  };
}

/**
 * Sends the oldest alerts of every non-empty queue, see {@link relayQueue}.
 * @returns the number of alerts sent; if a queue reached its limit, more may wait.
 * @throws the first error of the sink, once every queue has been tried; FlowlineError of the
 * database.
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

/**
 * Counts the alerts that wait for a sink (null: for any but standard output), with the age of the
 * oldest in seconds (null for none), and those set aside.
 */
export async function outboxStatus(
  db: Database,
  sink: string | null = null,
): Promise<{ pending: number; oldestSeconds: number | null; dead: number }> {
  return withTransaction(db, (client) => selectOutboxStatus(client, { sink }));
}
