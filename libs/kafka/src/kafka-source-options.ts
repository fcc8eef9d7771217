import type { KafkaClient } from './kafka-client.ts';
import type { StoredStream } from './stream-position.ts';

/** An end of the log, or the first record at or after a time (milliseconds since the epoch, by the records' own timestamps). */
export type StartFrom = 'earliest' | 'latest' | { readonly timestampMs: number };

/** Where reading of a partition would begin if nothing had to be read again. */
export interface ReadPosition {
  readonly position: number;
  /** The first offset that the log still holds. */
  readonly low: number;
}

/** Records that were gone before they could be read: offsets [fromOffset, toOffset). */
export interface LostRecords {
  readonly topic: string;
  readonly topicId: string | null;
  readonly partition: number;
  readonly fromOffset: number;
  readonly toOffset: number;
}

/** Where the offsets are kept that count: Postgres. */
export interface StreamOffsets {
  /** What is stored of a topic. */
  read(topic: string): Promise<StoredStream>;
  /** Begins a topic that has never been read, all of its partitions at once; where somebody else has meanwhile, it stays at that. */
  begin(topic: string, topicId: string | null, starts: ReadonlyMap<number, number>): Promise<void>;
  /** Begins partitions at 0 that have appeared in a topic which is being read. */
  add(topic: string, topicId: string | null, partitions: readonly number[]): Promise<void>;
  /** Notes which topic it is that has been read, where that was not known. */
  adopt(topic: string, topicId: string): Promise<void>;
  /** These partitions are read from now on, and no others of the topic. */
  assigned(topic: string, partitions: readonly number[]): void;
  /**
   * Where reading really begins: at its position, or before it, where records that are stored already are read again so that what is
   * computed over them can be rebuilt. Asked whenever a partition is assigned.
   */
  replayFrom(topic: string, partition: number, at: ReadPosition): Promise<number>;
  /**
   * Moves a partition over records that are gone, and notes them.
   * @returns false, with nothing moved, where it does not stand at their beginning any more.
   */
  skip(lost: LostRecords): Promise<boolean>;
  /** Notes records that are gone; the batch after them moves the partition. */
  recordGap(lost: LostRecords): Promise<void>;
}

export interface KafkaSourceOptions {
  readonly client: KafkaClient;
  readonly groupId: string;
  /** The database that this member of the group stores into; members of other databases are an error. */
  readonly database: string;
  readonly topic: string;
  /** The arguments of a scorer with which a person goes on after the topic was recreated. */
  readonly resetArguments: string;
  /** Where the partitions begin of a topic that has never been read. */
  readonly startFrom: StartFrom;
  readonly offsets: StreamOffsets;
  readonly maxRows: number;
  /** How long the broker may wait for more records while there are few. */
  readonly maxWaitMs: number;
}

/** How far reading of a partition is behind its end. */
export interface PartitionLag {
  readonly partition: number;
  /** Everything of this assignment below this offset has been stored. */
  readonly stored: number;
  /** The offset up to which the client has read, what it does not show (markers of transactions) included. */
  readonly position: number;
  /** The offset that the next record will get. */
  readonly end: number;
  /** end − position, not below 0. */
  readonly records: number;
}
