/** Stored offsets of a topic. */
export interface StoredStream {
  /**
   * Id of the topic to which the offsets refer, which distinguishes topics of the same name; null
   * if unknown.
   */
  readonly topicId: string | null;
  /** Next offset to read, by partition; empty for a topic that has never been read. */
  readonly next: ReadonlyMap<number, number>;
}

/** Log ends of a partition. */
export interface LogEnds {
  /** First offset still in the log. */
  readonly low: number;
  /** Offset of the next record to be written. */
  readonly high: number;
}

/** Current state of a topic at the brokers. */
export interface TopicState {
  /** Topic id; null if the brokers assign none. */
  readonly topicId: string | null;
  readonly ends: ReadonlyMap<number, LogEnds>;
}

/** Relation of a topic to what is stored under its name. */
export type StreamVerdict =
  /** The topic has never been read. */
  | { readonly kind: 'new' }
  /**
   * The topic is the one that was read. `appeared` lists partitions added since, of which nothing
   * is stored.
   */
  | { readonly kind: 'same'; readonly appeared: readonly number[] }
  /** The topic was deleted and created again. */
  | { readonly kind: 'recreated' }
  /**
   * The topic is the same, but the logs of these partitions end before what is stored of them: the
   * brokers have lost records.
   */
  | { readonly kind: 'cut'; readonly partitions: readonly number[] };

/**
 * Decides whether a topic is the one stored under its name. The ids decide if both are known.
 * Otherwise a log end before the stored offset, or a missing partition, is the only sign of a
 * different topic.
 */
export function streamVerdict(stored: StoredStream, { topicId, ends }: TopicState): StreamVerdict {
  if (stored.next.size === 0) return { kind: 'new' };
  const isKnown = topicId !== null && stored.topicId !== null;
  if (isKnown && topicId !== stored.topicId) return { kind: 'recreated' };
  const beyond = [...stored.next].filter(([partition, next]) => next > (ends.get(partition)?.high ?? -1));
  if (beyond.length > 0) {
    return isKnown ? { kind: 'cut', partitions: beyond.map(([partition]) => partition) } : { kind: 'recreated' };
  }
  return { kind: 'same', appeared: [...ends.keys()].filter((partition) => !stored.next.has(partition)) };
}

/**
 * First offset to read from a partition of a topic that has never been read: an end of the log, or
 * an offset clamped to it. A partition added later begins at 0 regardless, because none of its
 * records were skipped.
 */
export function firstOffset(startFrom: 'earliest' | 'latest' | number, { low, high }: LogEnds): number {
  if (startFrom === 'earliest') return low;
  return startFrom === 'latest' ? high : Math.min(Math.max(startFrom, low), high);
}

/** Position from which to read a partition. */
export interface ReadingPosition {
  readonly offset: number;
  /**
   * First lost offset: the log no longer holds the records from here up to `offset`; null if none
   * are lost.
   */
  readonly lostFrom: number | null;
}

/**
 * Decides from which offset to read a partition. Postgres is authoritative; Kafka's committed
 * offset is ignored.
 */
export function readingPosition(next: number, { low }: LogEnds): ReadingPosition {
  return next < low ? { offset: low, lostFrom: next } : { offset: next, lostFrom: null };
}
