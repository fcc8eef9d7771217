import { FlowlineError } from '@flowline/events';
import type { Message, Producer } from 'kafkajs';

import { chunkBySize } from './chunk-messages.ts';
import type { KafkaClient } from './kafka-client.ts';
import { isRecordRefusal, isUnknownTopic, toFlowlineError, topicMissing } from './kafka-error.ts';
import { messageBytes } from './message-bytes.ts';

/** Brokers refuse record batches over 1 MiB by default, and kafkajs never splits what one `send` holds. */
const MAX_CHUNK_BYTES = 900_000;

/** A message that the brokers have not taken. */
export interface Unsent {
  /** Which of the messages that were given. */
  readonly index: number;
  /** true: as it is, it never will be taken; false: not now. */
  readonly refused: boolean;
  readonly error: FlowlineError;
}

interface Numbered {
  readonly index: number;
  readonly message: Message;
}

/**
 * Sends messages to one topic, idempotently and with acks from all replicas; connects with the first of them. A topic has a producer of
 * its own: what fails for one topic breaks the sequence of no other.
 */
export class TopicProducer {
  readonly #client: KafkaClient;
  readonly #topic: string;
  #connecting: Promise<Producer> | undefined;
  /** Less once the topic has turned out to take less. */
  #mostBytes = MAX_CHUNK_BYTES;

  constructor(client: KafkaClient, topic: string) {
    this.#client = client;
    this.#topic = topic;
  }

  /**
   * Resolves when every message is replicated that the brokers take, to the others. What they refuse for its size or its form is found by
   * halves, and the rest is sent; after any other failure nothing more is tried.
   */
  async send(messages: readonly Message[]): Promise<readonly Unsent[]> {
    const numbered = messages.map((message, index) => ({ index, message }));
    const unsent: Unsent[] = [];
    const waiting = chunkBySize(numbered, ({ message }) => messageBytes(message), this.#mostBytes);
    for (let chunk = waiting.shift(); chunk !== undefined; chunk = waiting.shift()) {
      try {
        unsent.push(...(await this.#sendAtOnce(chunk)));
      } catch (error) {
        // A producer that failed keeps a broken sequence: the next send begins with a new one.
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

  async close(): Promise<void> {
    const connected = this.#connecting;
    this.#connecting = undefined;
    await connected?.then((producer) => producer.disconnect()).catch(() => undefined);
  }

  /** @returns what was left out, without a word: kafkajs drops a message for a partition that there is not. */
  async #sendAtOnce(chunk: readonly Numbered[]): Promise<readonly Unsent[]> {
    this.#connecting ??= this.#connect();
    const producer = await this.#connecting;
    const sent = await producer.send({ topic: this.#topic, acks: -1, messages: chunk.map(({ message }) => message) });
    const partitions = new Set(sent.map(({ partition }) => partition));
    return chunk.flatMap(({ index, message: { partition } }) => {
      if (partition === undefined || partitions.has(partition)) return [];
      const where = `${this.#topic}[${partition}]`;
      const remedy = 'Nothing: the topic has fewer partitions than it had.';
      const error = new FlowlineError('FLOWLINE_TOPIC_MISSING', `There is no partition ${where}.`, { where, remedy });
      return [{ index, refused: true, error }];
    });
  }

  /** Two halves of a chunk that was too large; later chunks are no larger than these. */
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
