import type { AlertMessage, Transition } from '@flowline/alerts';
import { messageOf } from '@flowline/events';
import type { OutboxMessage, Undelivered } from '@flowline/stream';

import { EXPLANATION_WAIT_MS, isUnexplained, textToSend } from './awaited-explanation.ts';
import { lifeOf } from './alert-states.ts';
import type { Database } from './database.ts';
import { outboxMessage } from './outbox-message.ts';
import { pageEnd } from './page-end.ts';
import type { AlertPeakRow } from './sql/alerts.ts';
import {
  claimDeliveries,
  type DeliveryRow,
  noteWaiting,
  selectOpenAlerts,
  selectWaitingSinks,
  settleDeliveries,
  type WaitingSinkRow,
} from './sql/deliveries.ts';
import type { AwaitedRow } from './sql/outbox.ts';
import { storedAlertMessage } from './stored-alert-message.ts';
import { withTransaction } from './transaction.ts';

/** Message that was claimed for a sink, as it leaves. */
export interface Delivery extends Omit<DeliveryRow, keyof AwaitedRow> {
  /** True if it leaves without the explanation that it waited for. */
  readonly isUnexplained: boolean;
}
/** Sink by name for which messages wait. */
export type WaitingSink = WaitingSinkRow;

/** Messages of detectors for one sink. */
export interface SinkQueue {
  readonly sink: string;
  readonly detectors: readonly string[];
}

/** Outcome of the messages that were claimed. */
export interface DeliveryReport {
  readonly sent: number;
  /** Messages set aside: refused, or failing for too long. */
  readonly setAside: number;
  /** Failure of the first message that waits on; null if none does. */
  readonly failure: { readonly error: unknown } | null;
}

const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 300_000;
/** Longest delay that a sink may ask for. */
const MAX_ASKED_MS = 3_600_000;

/** Lists the sinks by name for which messages of these detectors wait. */
export function waitingSinks(db: Database, detectors: readonly string[]): Promise<WaitingSink[]> {
  return withTransaction(db, (client) => selectWaitingSinks(client, { detectors }));
}

/** Options of a claim. */
export interface ClaimOptions {
  readonly claimMs: number;
  readonly limit: number;
  /**
   * Longest time that a message waits for its explanation (default {@link EXPLANATION_WAIT_MS});
   * null for no limit.
   */
  readonly holdMs?: number | null;
}

/**
 * Claims due messages for a sink until they are settled, or `claimMs` have passed: the oldest
 * first, and one per alert. No connection is held meanwhile. A message whose anomaly is not
 * explained yet waits for that, and with it later ones of its fingerprint.
 */
export async function claimForSink(
  db: Database,
  { sink, detectors }: SinkQueue,
  { claimMs, limit, holdMs = EXPLANATION_WAIT_MS }: ClaimOptions,
): Promise<Delivery[]> {
  const claim = { sink, detectors, claimMs, limit, holdMs };
  const rows = await withTransaction(db, (client) => claimDeliveries(client, claim));
  return rows.map((row) => {
    const { outboxId, messageId, detector, key, headers, attempts } = row;
    const message = { messageId, detector, key, headers, value: textToSend(row) };
    return { ...message, outboxId, attempts, isUnexplained: isUnexplained(row) };
  });
}

/** Settles the messages of a claim, given those that the sink did not accept. */
export async function settleClaim(
  db: Database,
  claimed: readonly Delivery[],
  undelivered: readonly Undelivered[],
  { retryForMs, random = Math.random }: { readonly retryForMs: number; readonly random?: () => number },
): Promise<DeliveryReport> {
  const failures = new Map(undelivered.map((failure) => [failure.messageId, failure]));
  const failed = claimed.flatMap((row) => {
    const failure = failures.get(row.messageId);
    return failure === undefined ? [] : [{ ...row, ...failure }];
  });
  const sentIds = claimed.filter(({ messageId }) => !failures.has(messageId)).map(({ outboxId }) => outboxId);
  const settled = await withTransaction(db, (client) =>
    settleDeliveries(client, {
      sentIds,
      failedIds: failed.map(({ outboxId }) => outboxId),
      refused: failed.map(({ refused }) => refused),
      delaysMs: failed.map(({ attempts, retryAfterMs = 0 }) => delayMs(attempts, retryAfterMs, random())),
      reasons: failed.map(({ error }) => messageOf(error)),
      retryForMs,
    }),
  );
  const later = failed.find(({ refused }) => !refused);
  const failure = later === undefined ? null : { error: later.error };
  return { sent: sentIds.length, setAside: settled.setAside, failure };
}

/** Delay of the next attempt: twice as long each time, spread by half, and as long as was asked. */
function delayMs(attempts: number, askedMs: number, share: number): number {
  const backoffMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempts, 30));
  return Math.max(backoffMs * (0.5 + share), Math.min(askedMs, MAX_ASKED_MS));
}

/** Notes why the messages of a sink wait, where `flowline alerts waiting` shows it. */
export function noteWhyWaiting(db: Database, { sink, detectors }: SinkQueue, reason: string): Promise<void> {
  return withTransaction(db, (client) => noteWaiting(client, { sink, detectors, reason }));
}

/**
 * Reads the open alerts that a sink has been told of, as messages that tell of them again, a page
 * at a time.
 * @param after last alert of the previous page; null for the first.
 */
export async function openAlertMessages(
  db: Database,
  { sink, detectors }: SinkQueue,
  { after, limit }: { readonly after: string | null; readonly limit: number },
): Promise<{ readonly messages: readonly OutboxMessage[]; readonly last: string | null }> {
  const rows = await withTransaction(db, (client) => selectOpenAlerts(client, { sink, detectors, after, limit }));
  const last = pageEnd(rows, limit)?.alertId ?? null;
  return { messages: rows.flatMap((row) => repeated(row).map(outboxMessage)), last };
}

/** The latest state of an alert, as a message of its last number. */
function repeated(row: AlertPeakRow & { readonly detector: string }): AlertMessage[] {
  const transition: Transition = { kind: 'updated', sequence: Math.max(1, row.messages), life: lifeOf(row) };
  const message = storedAlertMessage(row.detector, row, transition);
  return message === null ? [] : [message];
}
