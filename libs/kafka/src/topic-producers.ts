import type { Message } from 'kafkajs';

import type { KafkaClient } from './kafka-client.ts';
import { TopicProducer, type Unsent } from './topic-producer.ts';

/**
 * Maximum open producers, each of which holds connections to the brokers. Beyond it, the least
 * recently used one that sends nothing is closed.
 */
const MOST_OPEN = 16;

/** Producers by topic, one for each topic written to. */
export class TopicProducers {
  readonly #client: KafkaClient;
  /** Open producers, least recently used first. */
  readonly #open = new Map<string, TopicProducer>();

  constructor(client: KafkaClient) {
    this.#client = client;
  }

  /**
   * Sends items to their topics. Resolves to the items that the brokers have not accepted, each
   * with the reason.
   */
  async send<T extends { readonly topic: string }>(
    items: readonly T[],
    toMessage: (item: T) => Message,
  ): Promise<readonly (Omit<Unsent, 'index'> & { readonly item: T })[]> {
    const unsent: (Omit<Unsent, 'index'> & { readonly item: T })[] = [];
    for (const topic of new Set(items.map((item) => item.topic))) {
      const ofTopic = items.filter((item) => item.topic === topic);
      for (const { index, refused, error } of await this.#of(topic).send(ofTopic.map(toMessage))) {
        const item = ofTopic[index];
        if (item !== undefined) unsent.push({ item, refused, error });
      }
    }
    return unsent;
  }

  async close(): Promise<void> {
    const producers = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(producers.map((producer) => producer.close()));
  }

  #of(topic: string): TopicProducer {
    const producer = this.#open.get(topic) ?? new TopicProducer(this.#client, topic);
    this.#open.delete(topic);
    this.#open.set(topic, producer);
    if (this.#open.size > MOST_OPEN) this.#closeOldest(topic);
    return producer;
  }

  /** Closes the least recently used producer that sends nothing, other than that of `topic`. */
  #closeOldest(topic: string): void {
    const oldest = [...this.#open].find(([each, producer]) => each !== topic && producer.isIdle);
    if (oldest === undefined) return;
    this.#open.delete(oldest[0]);
    void oldest[1].close();
  }
}
