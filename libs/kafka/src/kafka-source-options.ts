import type { KafkaClient } from './kafka-client.ts';
import type { StoredStream } from './stream-position.ts';

/**
 * Start position: an end of the log, or the first record at or after a time (milliseconds since the
 * epoch, by the records' own timestamps).
 */
export type StartFrom = 'earliest' | 'latest' | { readonly timestampMs: number };

/** Position from which a partition would be read if nothing had to be replayed. */
export interface ReadPosition {
  readonly position: number;
  /** First offset still in the log. */
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

/** Authoritative offset store: Postgres. */
export interface StreamOffsets {
  /** Reads the stored offsets of a topic. */
  read(topic: string): Promise<StoredStream>;
  /**
   * Begins a topic that has never been read, all of its partitions at once. If another process has
   * begun it meanwhile, that beginning stands.
   */
  begin(topic: string, topicId: string | null, starts: ReadonlyMap<number, number>): Promise<void>;
  /** Begins, at offset 0, partitions that were added to a topic being read. */
  add(topic: string, topicId: string | null, partitions: readonly number[]): Promise<void>;
  /** Stores the id of a topic that was read when its id was not known. */
  adopt(topic: string, topicId: string): Promise<void>;
  /** Announces that from now on these partitions of the topic are read, and no others. */
  assigned(topic: string, partitions: readonly number[]): void;
  /**
   * Offset from which reading really starts: the position, or an earlier offset if stored records
   * are replayed to rebuild the state computed from them. Called for every assigned partition.
   */
  replayFrom(topic: string, partition: number, at: ReadPosition): Promise<number>;
  /**
   * Moves a partition past lost records and records the gap.
   * @returns false, with nothing moved, if the partition is no longer at the start of the gap.
   */
  skip(lost: LostRecords): Promise<boolean>;
  /** Records a gap of lost records; the batch after it moves the partition. */
  recordGap(lost: LostRecords): Promise<void>;
}

export interface KafkaSourceOptions {
  readonly client: KafkaClient;
  readonly groupId: string;
  /**
   * Database that this member of the group stores into. Members of other databases are an error.
   */
  readonly database: string;
  readonly topic: string;
  /** Command-line arguments with which a scorer resumes after the topic was recreated. */
  readonly resetArguments: string;
  /** Start position of the partitions of a topic that has never been read. */
  readonly startFrom: StartFrom;
  readonly offsets: StreamOffsets;
  readonly maxRows: number;
  /** Maximum time that the broker waits for more records while there are few. */
  readonly maxWaitMs: number;
}

/** Lag of one partition. */
export interface PartitionLag {
  readonly partition: number;
  /** Stored position: everything of this assignment below it has been stored. */
  readonly stored: number;
  /** Offset up to which the client has read, including hidden records (transaction markers). */
  readonly position: number;
  /** Offset of the next record to be written. */
  readonly end: number;
  /** Lag in records: end − position, at least 0. */
  readonly records: number;
}
