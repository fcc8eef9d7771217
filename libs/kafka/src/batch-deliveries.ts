import { deliver, type SourceBatch } from '@flowline/stream';
import type { EachBatchPayload } from 'kafkajs';
import type { Subscriber } from 'rxjs';

import type { KafkaClient } from './kafka-client.ts';
import type { PartitionPosition } from './partition-position.ts';

/** Batches of one reader that are handed out and not yet stored. */
export class BatchDeliveries {
  readonly #subscriber: Subscriber<SourceBatch>;
  readonly #log: KafkaClient['log'];
  /** Batches of this and earlier assignments that are not yet stored and committed to Kafka. */
  readonly #pending = new Set<Promise<boolean>>();
  #inFlight = 0;

  constructor(subscriber: Subscriber<SourceBatch>, log: KafkaClient['log']) {
    this.#subscriber = subscriber;
    this.#log = log;
  }

  /** Number of batches handed out and not yet stored. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Resolves once no batch is in flight. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  /**
   * Hands a batch to the subscriber and moves the position past it. The offset of a stored batch is
   * committed to Kafka, unless a newer assignment has read its own from Postgres meanwhile.
   */
  handOut(
    payload: EachBatchPayload,
    batch: Omit<SourceBatch, 'done'>,
    position: PartitionPosition,
    isCurrent: () => boolean,
  ): void {
    const delivery = this.#deliver(payload, batch, position, isCurrent);
    this.#pending.add(delivery);
    void delivery.finally(() => this.#pending.delete(delivery));
    position.newest = delivery;
    position.next = batch.nextOffset;
  }

  /** Resolves to true if the batch was stored, after committing its offset to Kafka. */
  async #deliver(
    payload: EachBatchPayload,
    batch: Omit<SourceBatch, 'done'>,
    position: PartitionPosition,
    isCurrent: () => boolean,
  ): Promise<boolean> {
    this.#inFlight++;
    const stored = await deliver(this.#subscriber, batch).finally(() => this.#inFlight--);
    if (stored && isCurrent()) {
      position.stored = batch.nextOffset;
      await this.#commit(payload, batch.nextOffset);
    }
    return stored;
  }

  /**
   * Commits to Kafka the offset that Postgres already has. A failure only makes lag tools less
   * current.
   */
  async #commit(payload: EachBatchPayload, nextOffset: number): Promise<void> {
    const { topic, partition } = payload.batch;
    try {
      await payload.commitOffsetsIfNecessary({
        topics: [{ topic, partitions: [{ partition, offset: String(nextOffset) }] }],
      });
    } catch (error) {
      this.#log.debug({ err: error, topic, partition }, 'the Kafka offset was not committed');
    }
  }
}
