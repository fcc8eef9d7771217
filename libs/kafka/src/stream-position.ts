/** What is stored of a topic. */
export interface StoredStream {
  /** The topic that the offsets count in, as Kafka tells topics of one name apart; null where that is not known. */
  readonly topicId: string | null;
  /** The offset to read next, by partition; empty for a topic that has never been read. */
  readonly next: ReadonlyMap<number, number>;
}

/** The ends of the log of a partition. */
export interface LogEnds {
  /** The first offset that the log still holds. */
  readonly low: number;
  /** The offset that the next record will get. */
  readonly high: number;
}

/** A topic as the brokers have it now. */
export interface TopicState {
  /** null where the brokers give topics no ids. */
  readonly topicId: string | null;
  readonly ends: ReadonlyMap<number, LogEnds>;
}

/** What a topic is to what is stored under its name. */
export type StreamVerdict =
  /** It has never been read. */
  | { readonly kind: 'new' }
  /** It is the topic that was read; `appeared`: its partitions of which nothing is stored, as they were added since. */
  | { readonly kind: 'same'; readonly appeared: readonly number[] }
  /** It was deleted and created again since. */
  | { readonly kind: 'recreated' }
  /** It is the same, but the logs of these partitions end before what is stored of them: brokers have lost records. */
  | { readonly kind: 'cut'; readonly partitions: readonly number[] };

/**
 * Decides whether a topic is the one that is stored under its name. The ids decide where both are known; else only an end before what is
 * stored, or a partition fewer, shows that it is another.
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
 * Where a partition begins of a topic that has never been read: an end of the log, or an offset within it. A partition that appears later
 * begins at 0 whatever that is: nothing of it was passed over.
 */
export function firstOffset(startFrom: 'earliest' | 'latest' | number, { low, high }: LogEnds): number {
  if (startFrom === 'earliest') return low;
  return startFrom === 'latest' ? high : Math.min(Math.max(startFrom, low), high);
}

/** Where reading of a partition goes on. */
export interface ReadingPosition {
  readonly offset: number;
  /** The log no longer holds the records from here up to `offset`; null where it holds all. */
  readonly lostFrom: number | null;
}

/** Decides where reading of a partition goes on. Postgres is right; Kafka's own committed offset is not asked. */
export function readingPosition(next: number, { low }: LogEnds): ReadingPosition {
  return next < low ? { offset: low, lostFrom: next } : { offset: next, lostFrom: null };
}
