import type { Message, Producer } from 'kafkajs';

import { chunkBySize } from './chunk-messages.ts';
import type { KafkaClient } from './kafka-client.ts';
import { isUnknownTopic, toFlowlineError, topicMissing } from './kafka-error.ts';

/** Brokers refuse record batches over 1 MiB by default, and kafkajs never splits what one `send` holds. */
const MAX_CHUNK_BYTES = 900_000;

/** Sends messages, idempotently and with acks from all replicas; connects with the first of them. */
export class KafkaProducer {
  readonly #client: KafkaClient;
  #connecting: Promise<Producer> | undefined;

  constructor(client: KafkaClient) {
    this.#client = client;
  }

  /**
   * Resolves when every message is replicated.
   * @param sizeOf the bytes of a message, roughly: no more than a broker takes are sent at once.
   * @throws FlowlineError FLOWLINE_TOPIC_MISSING, FLOWLINE_BROKER_UNREACHABLE; the messages may then have been sent in part.
   */
  async send(topic: string, messages: readonly Message[], sizeOf: (message: Message) => number): Promise<void> {
    const { brokers } = this.#client;
    try {
      this.#connecting ??= this.#connect();
      const producer = await this.#connecting;
      for (const chunk of chunkBySize(messages, sizeOf, MAX_CHUNK_BYTES)) {
        await producer.send({ topic, acks: -1, messages: chunk });
      }
    } catch (error) {
      // A producer that failed keeps a broken sequence: the next send begins with a new one.
      await this.close();
      throw isUnknownTopic(error) ? topicMissing([topic], brokers) : toFlowlineError(error, brokers);
    }
  }

  async close(): Promise<void> {
    const connected = this.#connecting;
    this.#connecting = undefined;
    await connected?.then((producer) => producer.disconnect()).catch(() => undefined);
  }

  async #connect(): Promise<Producer> {
    const producer = this.#client.kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
    });
    await producer.connect();
    return producer;
  }
}
