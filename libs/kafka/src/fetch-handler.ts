import { at } from '@flowline/events';
import type { EachBatchPayload } from 'kafkajs';

import type { BatchDeliveries } from './batch-deliveries.ts';
import type { PartitionPosition } from './partition-position.ts';
import { toRecord } from './to-record.ts';
import type { TopicStream } from './topic-stream.ts';
import { whileBeating } from './while-beating.ts';

/** Environment of a {@link FetchHandler}. */
export interface FetchParts {
  readonly stream: TopicStream;
  readonly deliveries: BatchDeliveries;
  /** Maximum records per batch. */
  readonly maxRows: number;
  /** Fails the reader. */
  readonly fail: (error: unknown) => void;
}

/** Assignment under which a fetch was made. */
export interface FetchAssignment {
  /** Undefined while the partition is being prepared, or assigned to another member. */
  readonly position: PartitionPosition | undefined;
  /** False once the partitions have been assigned anew. */
  readonly isCurrent: () => boolean;
  /** True once the reader is stopped. */
  readonly isOver: () => boolean;
}

/**
 * Hands out the records of fetches. At most two batches of a partition are in flight: kafkajs
 * fetches only once every handler has returned, so a handler waits for the batch before its own,
 * and fetching continues while its own batch is stored.
 *
 * Kafka's records are fetched by topic name, so the topic id is checked after each fetch and before
 * its records are handed out. Ids are never reused: an id that is the same before and after a fetch
 * was the same in between.
 */
export class FetchHandler {
  readonly #parts: FetchParts;

  constructor(parts: FetchParts) {
    this.#parts = parts;
  }

  /** Hands out one fetch. An early return resolves no offset, so its records are fetched again. */
  async handle(payload: EachBatchPayload, { position, isCurrent, isOver }: FetchAssignment): Promise<void> {
    const { messages } = payload.batch;
    const goesOn = (): boolean => isCurrent() && !isOver() && payload.isRunning() && !payload.isStale();
    const first = messages[0];
    if (position === undefined || first === undefined || !goesOn()) return;
    if (!(await this.#isOfTopic(payload, isCurrent)) || !goesOn()) return;
    if (Number(first.offset) !== position.next) await this.#onJump(payload, position, Number(first.offset));
    for (let start = 0; start < messages.length && goesOn(); start += this.#parts.maxRows) {
      const before = position.newest;
      this.#handOut(payload, start, position, isCurrent);
      if (!(await whileBeating(before, () => payload.heartbeat()))) return;
      await payload.heartbeat();
    }
  }

  /** Hands out the messages of a fetch from an index on, at most as many as a batch may have. */
  #handOut(payload: EachBatchPayload, start: number, position: PartitionPosition, isCurrent: () => boolean): void {
    const { batch } = payload;
    const { topic, partition } = batch;
    const { maxRows, stream, deliveries } = this.#parts;
    const messages = batch.messages.slice(start, start + maxRows);
    const last = at(messages, messages.length - 1);
    const isEnd = start + messages.length === batch.messages.length;
    // The fetch may end with hidden records, such as transaction markers.
    const nextOffset = Number(isEnd ? batch.lastOffset() : last.offset) + 1;
    const records = messages.map(toRecord);
    const read = { topic, topicId: stream.topicId, partition, fromOffset: position.next, records, nextOffset };
    deliveries.handOut(payload, read, position, isCurrent);
    payload.resolveOffset(last.offset);
  }

  /**
   * True if the fetched records belong to the topic being read. If they belong to a later topic of
   * the same name, reading fails.
   */
  async #isOfTopic(payload: EachBatchPayload, isCurrent: () => boolean): Promise<boolean> {
    const { stream, fail } = this.#parts;
    if (await whileBeating(stream.isUnchanged(), () => payload.heartbeat())) return true;
    if (isCurrent()) fail(stream.recreated());
    return false;
  }

  /** Handles a fetch that does not start where the previous one ended. */
  async #onJump({ batch: { partition } }: EachBatchPayload, position: PartitionPosition, first: number): Promise<void> {
    const { stream, fail } = this.#parts;
    if (first < position.next) {
      // Reading never goes back within an assignment: kafkajs has reset the offset because the log
      // ends before the position.
      const error = stream.topicId === null ? stream.recreated() : stream.cut([partition]);
      fail(error);
      throw error;
    }
    await stream.passGap(partition, position, first);
  }
}
