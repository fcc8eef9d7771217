import { setTimeout as sleep } from 'node:timers/promises';

import type pg from 'pg';

import type { Database } from './database.ts';
import { errorCode } from './database-error.ts';
import { expireClaims } from './entity-claims.ts';
import { expireAlerts } from './sql/alerts.ts';
import { expireAnomalies } from './sql/anomalies.ts';
import { expireDeadAlerts } from './sql/dead-alerts.ts';
import { expireDeadLetters } from './sql/dead-letters.ts';
import { expireEntities } from './sql/entities.ts';
import { expireDuplicates } from './sql/event-ids.ts';
import { expireOutbox } from './sql/outbox.ts';
import { expireHours, expireSummaries } from './sql/score-summaries.ts';
import { dropScoredPartition, ensureScoredPartitions, summariseScoredDay } from './sql/scored-events.ts';
import { withTransaction } from './transaction.ts';

/** Days with partitions: yesterday (clocks differ), today and the next seven days. */
const DAYS = 9;
const ENSURE_EVERY_MS = 6 * 3_600_000;
/** Retention of sent alerts: a week, for those who ask whether one was sent. */
const KEEP_SENT_DAYS = 7;
/**
 * Attempts to drop a partition that is in use. Between attempts there is a pause in which writers
 * continue.
 */
const DROP_ATTEMPTS = 10;
const DROP_RETRY_MS = 500;
/** Maximum rows that one retention transaction deletes. */
const ROWS_PER_TRANSACTION = 5_000;
const BATCH_TIMEOUT_MS = 120_000;
const LOCK_NOT_AVAILABLE = '55P03';

/** Retention of a detector's records, in days. */
export interface Retention {
  readonly detector: string;
  readonly scoredDays: number;
  readonly anomaliesDays: number;
  readonly deadLettersDays: number;
}

/**
 * Creates the missing daily partitions of scored_events, from yesterday to a week ahead. Commits do
 * so by themselves a few times per day. The rows of a day without a partition stay in the default
 * partition until this is called.
 * @returns the number of partitions created.
 */
export async function ensurePartitions(db: Database): Promise<number> {
  return (await withTransaction(db, (client) => ensureScoredPartitions(client, { days: DAYS }))).created;
}

/** Time of the last attempt to create partitions, by database. */
const ensuredAtMs = new WeakMap<Database, number>();

/** Calls {@link ensurePartitions} unless it was tried within the last six hours. */
export async function ensurePartitionsWhenDue(db: Database): Promise<void> {
  const now = performance.now();
  if (now - (ensuredAtMs.get(db) ?? -Infinity) < ENSURE_EVERY_MS) return;
  // Noted before the attempt: if it fails, the caller gets the error once, and later commits use
  // the default partition.
  ensuredAtMs.set(db, now);
  await ensurePartitions(db);
}

/** Result of applying retention. */
export interface Removed {
  readonly partitions: number;
  readonly anomalies: number;
  readonly deadLetters: number;
  /**
   * Entities silent for as long as anomalies are kept, whose partition claims are no longer needed.
   */
  readonly entities: number;
  /** True if an expired day was in use throughout and is still stored. */
  readonly blocked: boolean;
}

/**
 * Deletes records older than their retention. Scored events are dropped by whole days, which all
 * detectors share, so the longest retention decides. Writers wait at most 200 ms at a time: a day
 * that is being read for longer is left for the next call. Rows are deleted in batches of a few
 * thousand, each in its own transaction. The indexes of the days that are kept are completed. Call
 * it once per day.
 */
export async function applyRetention(db: Database, retention: readonly Retention[]): Promise<Removed> {
  const removed = { anomalies: 0, deadLetters: 0, entities: 0 };
  for (const { detector, scoredDays, anomaliesDays, deadLettersDays } of retention) {
    const anomalies = { detector, keepDays: Math.ceil(anomaliesDays), limit: ROWS_PER_TRANSACTION };
    const deadLetters = { detector, keepDays: Math.ceil(deadLettersDays), limit: ROWS_PER_TRANSACTION };
    removed.anomalies += await inBatches(db, (client) => expireAnomalies(client, anomalies));
    await inBatches(db, (client) => expireAlerts(client, anomalies));
    removed.deadLetters += await inBatches(db, (client) => expireDeadLetters(client, deadLetters));
    removed.entities += await inBatches(db, (client) => expireClaims(client, anomalies));
    removed.entities += await inBatches(db, (client) => expireEntities(client, anomalies));
    await inBatches(db, (client) => expireDeadAlerts(client, deadLetters));
    const duplicates = { detector, keepDays: Math.ceil(scoredDays), limit: ROWS_PER_TRANSACTION };
    await inBatches(db, (client) => expireDuplicates(client, duplicates));
    await inBatches(db, (client) => expireSummaries(client, anomalies));
    await inBatches(db, (client) => expireHours(client, anomalies));
  }
  await inBatches(db, (client) => expireOutbox(client, { keepDays: KEEP_SENT_DAYS, limit: ROWS_PER_TRANSACTION }));
  if (retention.length === 0) return { ...removed, partitions: 0, blocked: false };
  const days = Math.ceil(Math.max(...retention.map((one) => one.scoredDays)));
  const dropped = await dropPartitions(db, days);
  await summariseDays(db, days);
  return { ...removed, ...dropped };
}

/** Repeats a removal until nothing is left. Returns the total removed. */
async function inBatches(
  db: Database,
  remove: (client: pg.PoolClient) => Promise<{ readonly removed: number }>,
): Promise<number> {
  let total = 0;
  for (;;) {
    const { removed } = await withTransaction(db, remove, { timeoutMs: BATCH_TIMEOUT_MS });
    if (removed === 0) return total;
    total += removed;
  }
}

async function dropPartitions(db: Database, keepDays: number): Promise<Pick<Removed, 'partitions' | 'blocked'>> {
  let partitions = 0;
  let failures = 0;
  for (;;) {
    try {
      const { dropped } = await withTransaction(db, (client) => dropScoredPartition(client, { keepDays }));
      if (dropped === null) return { partitions, blocked: false };
      partitions++;
    } catch (error) {
      if (!isLockTimeout(error)) throw error;
      if (++failures >= DROP_ATTEMPTS) return { partitions, blocked: true };
      await sleep(DROP_RETRY_MS);
    }
  }
}

/**
 * Completes the block range indexes of the days that are over and kept, for whoever looks for an
 * event. A day that vacuum is busy with is left for the next call.
 */
async function summariseDays(db: Database, keepDays: number): Promise<void> {
  for (let daysAgo = 1; daysAgo <= keepDays; daysAgo++) {
    try {
      await withTransaction(db, (client) => summariseScoredDay(client, { daysAgo }), { timeoutMs: BATCH_TIMEOUT_MS });
    } catch (error) {
      if (!isLockTimeout(error)) throw error;
    }
  }
}

function isLockTimeout(error: unknown): boolean {
  return error instanceof Error && errorCode(error.cause) === LOCK_NOT_AVAILABLE;
}
