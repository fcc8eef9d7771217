import { FlowlineError } from '@flowline/events';
import type { Message, Producer } from 'kafkajs';

import { chunkBySize } from './chunk-messages.ts';
import type { KafkaClient } from './kafka-client.ts';
import { isRecordRefusal, isUnknownTopic, toFlowlineError, topicMissing } from './kafka-error.ts';
import { messageBytes } from './message-bytes.ts';

/**
 * Maximum bytes per send: brokers refuse record batches over 1 MiB by default, and kafkajs never
 * splits one `send`.
 */
const MAX_CHUNK_BYTES = 900_000;

/** Message that the brokers have not accepted. */
export interface Unsent {
  /** Index of the message in the given list. */
  readonly index: number;
  /** True if the message will never be accepted as it is; false if it may be accepted later. */
  readonly refused: boolean;
  readonly error: FlowlineError;
}

interface Numbered {
  readonly index: number;
  readonly message: Message;
}

/**
 * Sends messages to one topic, idempotently and with acks from all replicas. Connects with the
 * first message. Each topic has its own producer, so that a failure of one topic does not break the
 * sequence of another.
 */
export class TopicProducer {
  readonly #client: KafkaClient;
  readonly #topic: string;
  #connecting: Promise<Producer> | undefined;
  /** Maximum bytes per send, lowered once the topic has refused a batch. */
  #mostBytes = MAX_CHUNK_BYTES;
  /** Calls of {@link send} that have not resolved. */
  #sends = 0;

  constructor(client: KafkaClient, topic: string) {
    this.#client = client;
    this.#topic = topic;
  }

  /** True while nothing is being sent. */
  get isIdle(): boolean {
    return this.#sends === 0;
  }

  /**
   * Resolves to the unsent messages once all that the brokers accept are replicated. Messages
   * refused for their size or format are found by bisection, and the rest is sent. After any other
   * failure nothing more is tried.
   */
  async send(messages: readonly Message[]): Promise<readonly Unsent[]> {
    this.#sends++;
    try {
      return await this.#sendInChunks(messages);
    } finally {
      this.#sends--;
    }
  }

  async close(): Promise<void> {
    const connected = this.#connecting;
    this.#connecting = undefined;
    await connected?.then((producer) => producer.disconnect()).catch(() => undefined);
  }

  async #sendInChunks(messages: readonly Message[]): Promise<readonly Unsent[]> {
    const numbered = messages.map((message, index) => ({ index, message }));
    const unsent: Unsent[] = [];
    const waiting = chunkBySize(numbered, ({ message }) => messageBytes(message), this.#mostBytes);
    for (let chunk = waiting.shift(); chunk !== undefined; chunk = waiting.shift()) {
      try {
        unsent.push(...(await this.#sendAtOnce(chunk)));
      } catch (error) {
        // A failed producer has a broken sequence, so the next send starts a new one.
        await this.close();
        const isRefusal = isRecordRefusal(error);
        if (isRefusal && chunk.length > 1) {
          waiting.unshift(...this.#halves(chunk));
          continue;
        }
        const reason = this.#reasonOf(error);
        unsent.push(...chunk.map(({ index }) => ({ index, refused: isRefusal, error: reason })));
        if (isRefusal) continue;
        unsent.push(...waiting.flat().map(({ index }) => ({ index, refused: false, error: reason })));
        break;
      }
    }
    return unsent;
  }

  /**
   * Sends one chunk.
   * @returns the messages that kafkajs dropped silently because their partition does not exist.
   */
  async #sendAtOnce(chunk: readonly Numbered[]): Promise<readonly Unsent[]> {
    this.#connecting ??= this.#connect();
    const producer = await this.#connecting;
    const sent = await producer.send({ topic: this.#topic, acks: -1, messages: chunk.map(({ message }) => message) });
    const partitions = new Set(sent.map(({ partition }) => partition));
    return chunk.flatMap(({ index, message: { partition } }) => {
      if (partition === undefined || partitions.has(partition)) return [];
      const where = `${this.#topic}[${partition}]`;
      const remedy = 'None: the topic has fewer partitions than before.';
      const error = new FlowlineError('FLOWLINE_TOPIC_MISSING', `There is no partition ${where}.`, { where, remedy });
      return [{ index, refused: true, error }];
    });
  }

  /** Splits a chunk that was too large in half and limits later chunks to that size. */
  #halves(chunk: readonly Numbered[]): Numbered[][] {
    const bytes = chunk.reduce((sum, { message }) => sum + messageBytes(message), 0);
    this.#mostBytes = Math.min(this.#mostBytes, Math.ceil(bytes / 2));
    const middle = chunk.length >>> 1;
    return [chunk.slice(0, middle), chunk.slice(middle)];
  }

  #reasonOf(error: unknown): FlowlineError {
    const { brokers } = this.#client;
    return isUnknownTopic(error) ? topicMissing([this.#topic], brokers) : toFlowlineError(error, brokers);
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
