import type { KafkaClient } from './kafka-client.ts';

/** An end of the log, or the first record at or after a time (milliseconds since the epoch, by the records' own timestamps). */
export type StartFrom = 'earliest' | 'latest' | { readonly timestampMs: number };

/** Where reading of a partition would begin if nothing had to be read again. */
export interface ReadPosition {
  readonly position: number;
  /** The first offset that the log still holds. */
  readonly low: number;
}

/** Where the offsets are kept that count: Postgres. */
export interface StreamOffsets {
  /** The offset to read next, or null where nothing of the partition has been stored. */
  read(topic: string, partition: number): Promise<number | null>;
  /** These partitions are read from now on, and no others of the topic. */
  assigned(topic: string, partitions: readonly number[]): void;
  /**
   * Where reading really begins: at its position, or before it, where records that are stored already are read again so that what is
   * computed over them can be rebuilt. Asked whenever a partition is assigned.
   */
  replayFrom(topic: string, partition: number, at: ReadPosition): Promise<number>;
  /** Notes that records [fromOffset, toOffset) were gone before they could be read. */
  recordGap(topic: string, partition: number, fromOffset: number, toOffset: number): Promise<void>;
}

export interface KafkaSourceOptions {
  readonly client: KafkaClient;
  readonly groupId: string;
  readonly topic: string;
  /** Where a partition begins of which nothing has been stored. */
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
