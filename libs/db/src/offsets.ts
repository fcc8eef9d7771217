import { FlowlineError } from '@flowline/events';

import type { Database } from './database.ts';
import { insertGap } from './sql/gap-insert.ts';
import { selectOffset } from './sql/offset-select.ts';
import { selectOffsets } from './sql/offsets-select.ts';
import { withTransaction } from './transaction.ts';

/** Records that a topic no longer held when they were due: offsets from `fromOffset` up to, without, `toOffset`. */
export interface Gap {
  readonly detector: string;
  readonly topic: string;
  /** The id of the topic; null where Kafka gives none. */
  readonly topicId: string | null;
  readonly partition: number;
  readonly fromOffset: number;
  readonly toOffset: number;
}

/** The offset to read next of a stream, or null when nothing of it has been stored. */
export async function readOffset(
  db: Database,
  detector: string,
  topic: string,
  partition: number,
): Promise<number | null> {
  const [row] = await withTransaction(db, (client) => selectOffset(client, detector, topic, partition));
  return row?.nextOffset ?? null;
}

/** How far a partition of a stream is stored. */
export interface StreamPosition {
  readonly partition: number;
  /** The offset to read next. */
  readonly nextOffset: number;
  /** The timestamp of the last record that was stored; null where there was none. */
  readonly recordTime: Date | null;
}

/** How far every partition of a detector's topic is stored; those of which nothing is are not among them. */
export function readPositions(db: Database, detector: string, topic: string): Promise<readonly StreamPosition[]> {
  return withTransaction(db, (client) => selectOffsets(client, detector, topic));
}

/**
 * How old what is stored is: seconds from the last stored record's timestamp to now, where records wait; 0 where none does. An upper
 * bound of the age of the record that waits longest, as that one came later.
 */
export function lagSeconds(records: number, recordTime: Date | null, nowMs = Date.now()): number {
  if (records === 0 || recordTime === null) return 0;
  return Math.max(0, nowMs - recordTime.getTime()) / 1_000;
}

/**
 * The error of a stream that had been stored up to an offset, of which Postgres has less now: to store more would leave a hole for ever.
 * Retryable, by reading from where Postgres says.
 */
export function streamRewound(
  topic: string,
  partition: number,
  { stored, found }: { readonly stored: number; readonly found: number },
): FlowlineError {
  const where = `${topic}[${partition}]`;
  const message = `${where} was stored up to ${stored}, but Postgres says ${found}: commits were lost, or offsets reset.`;
  const remedy = 'Nothing: the source is opened again and read from where Postgres says.';
  return new FlowlineError('FLOWLINE_STREAM_REWOUND', message, { where, remedy, retryable: true });
}

/**
 * The error of records that are of another topic than what is stored under its name: that one was begun anew meanwhile.
 * Retryable, by asking again which topic it is and reading from where Postgres says.
 */
export function topicReplaced(topic: string, partition: number): FlowlineError {
  const where = `${topic}[${partition}]`;
  const message = `${where} was begun anew meanwhile: these records are not of the topic that it counts in now.`;
  const remedy = 'Nothing: the source is opened again and read from where Postgres says.';
  return new FlowlineError('FLOWLINE_STREAM_REWOUND', message, { where, remedy, retryable: true });
}

/** Stores a gap, once; returns whether it is new. */
export async function recordGap(db: Database, gap: Gap): Promise<boolean> {
  const { detector, topic, topicId, partition, fromOffset, toOffset } = gap;
  const rows = await withTransaction(db, (client) =>
    insertGap(client, detector, topic, topicId, partition, fromOffset, toOffset),
  );
  return rows.length > 0;
}
