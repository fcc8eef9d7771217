import { FlowlineError } from '@flowline/events';

import type { Database } from './database.ts';
import { insertGap } from './sql/gaps.ts';
import { selectOffset, selectOffsets } from './sql/offsets.ts';
import { withTransaction } from './transaction.ts';

/**
 * Gap of records that a topic no longer held when they were due: offsets [fromOffset, toOffset).
 */
export interface Gap {
  readonly detector: string;
  readonly topic: string;
  /** Id of the topic; null if Kafka assigns none. */
  readonly topicId: string | null;
  readonly partition: number;
  readonly fromOffset: number;
  readonly toOffset: number;
}

/** Reads the next offset of a stream; null if nothing of it has been stored. */
export async function readOffset(
  db: Database,
  detector: string,
  topic: string,
  partition: number,
): Promise<number | null> {
  const row = await withTransaction(db, (client) => selectOffset(client, { detector, topic, partition }));
  return row?.nextOffset ?? null;
}

/** Stored position of a partition of a stream. */
export interface StreamPosition {
  readonly partition: number;
  /** Next offset to read. */
  readonly nextOffset: number;
  /** Timestamp of the last stored record; null if there is none. */
  readonly recordTime: Date | null;
}

/**
 * Reads the stored position of every partition of a detector's topic; partitions with nothing
 * stored are left out.
 */
export function readPositions(db: Database, detector: string, topic: string): Promise<readonly StreamPosition[]> {
  return withTransaction(db, (client) => selectOffsets(client, { detector, topic }));
}

/**
 * Seconds from the last stored record's timestamp to now while records wait; 0 if none does. It is
 * an upper bound of the age of the longest-waiting record, which came later.
 */
export function lagSeconds(records: number, recordTime: Date | null, nowMs = Date.now()): number {
  if (records === 0 || recordTime === null) return 0;
  return Math.max(0, nowMs - recordTime.getTime()) / 1_000;
}

/**
 * Creates the error for a stream that had been stored up to an offset, but of which Postgres now
 * has less: storing more would leave a permanent gap. Retryable, by reading from the offset in
 * Postgres.
 */
export function streamRewound(
  topic: string,
  partition: number,
  { stored, found }: { readonly stored: number; readonly found: number },
): FlowlineError {
  const where = `${topic}[${partition}]`;
  const message = `${where} was stored up to ${stored}, but the offset in Postgres is ${found}: commits were lost, or offsets were reset.`;
  const remedy = 'None needed: the source is reopened and resumes at the offset in Postgres.';
  return new FlowlineError('FLOWLINE_STREAM_REWOUND', message, { where, remedy, retryable: true });
}

/**
 * Creates the error for records of a different topic than the one stored under its name, which was
 * begun anew meanwhile. Retryable, by looking up the topic id again and reading from the offset in
 * Postgres.
 */
export function topicReplaced(topic: string, partition: number): FlowlineError {
  const where = `${topic}[${partition}]`;
  const message = `${where} was started anew in the meantime: these records belong to the topic before.`;
  const remedy = 'None needed: the source is reopened and resumes at the offset in Postgres.';
  return new FlowlineError('FLOWLINE_STREAM_REWOUND', message, { where, remedy, retryable: true });
}

/** Stores a gap once. Returns true if it is new. */
export async function recordGap(db: Database, gap: Gap): Promise<boolean> {
  return (await withTransaction(db, (client) => insertGap(client, gap))) !== null;
}
