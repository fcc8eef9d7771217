import type { PartitionLag } from './kafka-source-options.ts';

/** Position of one partition that is read here, from its assignment on. */
export class PartitionPosition {
  /** Next offset to read. */
  next: number;
  /** Everything of this assignment below this offset has been stored. */
  stored: number;
  /**
   * Everything below this offset was stored before the assignment. It may be read again.
   */
  readonly storedBefore: number;
  /**
   * Offset after the hidden records that kafkajs has skipped. It does not imply that the records
   * below are stored.
   */
  passed = 0;
  /**
   * Newest batch handed out; resolves to true once it is stored, to false if it may not be.
   */
  newest: Promise<boolean> = Promise.resolve(true);

  /** @param from offset from which the partition is read. */
  constructor(from: number, storedBefore: number) {
    this.next = from;
    this.stored = from;
    this.storedBefore = storedBefore;
  }

  /** Lag behind the end of the log. */
  lag(partition: number, end: number): PartitionLag {
    const position = Math.max(this.stored, this.passed);
    return { partition, stored: this.stored, position, end, records: Math.max(0, end - position) };
  }
}
