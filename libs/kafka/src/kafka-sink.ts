import type { AlertSink, OutboxMessage } from '@flowline/stream';
import type { Message, Producer } from 'kafkajs';

import { chunkBySize } from './chunk-messages.ts';
import type { KafkaClient } from './kafka-client.ts';
import { isUnknownTopic, toFlowlineError, topicMissing } from './kafka-error.ts';

/** Brokers refuse record batches over 1 MiB by default, and kafkajs never splits what one `send` holds. */
const MAX_CHUNK_BYTES = 900_000;
/** Offset, lengths and flags of a record; generous. */
const RECORD_OVERHEAD_BYTES = 64;

/**
 * Sends alerts to Kafka by an idempotent producer with acks from all replicas: resolves when every message is replicated.
 * Headers (`ce_*` of CloudEvents) and key come with the messages. Connects with the first message.
 */
export function createKafkaSink(client: KafkaClient): AlertSink {
  let connecting: Promise<Producer> | undefined;

  const connect = async (): Promise<Producer> => {
    const producer = client.kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false });
    await producer.connect();
    return producer;
  };
  // A producer that failed keeps a broken sequence: the next send begins with a new one.
  const forget = async (): Promise<void> => {
    const broken = connecting;
    connecting = undefined;
    await broken?.then((producer) => producer.disconnect()).catch(() => undefined);
  };

  return {
    name: 'kafka',
    send: async (messages) => {
      for (const topic of new Set(messages.map((message) => message.topic))) {
        const ofTopic = messages.filter((message) => message.topic === topic);
        try {
          connecting ??= connect();
          const producer = await connecting;
          for (const chunk of chunkBySize(ofTopic, sizeOf, MAX_CHUNK_BYTES)) {
            await producer.send({ topic, acks: -1, messages: chunk.map(toMessage) });
          }
        } catch (error) {
          await forget();
          throw isUnknownTopic(error) ? topicMissing([topic], client.brokers) : toFlowlineError(error, client.brokers);
        }
      }
    },
    close: forget,
  };
}

function toMessage({ key, value, headers }: OutboxMessage): Message {
  return { key, value, headers: { ...headers } };
}

function sizeOf({ key, value, headers }: OutboxMessage): number {
  let bytes = RECORD_OVERHEAD_BYTES + Buffer.byteLength(key) + Buffer.byteLength(value);
  for (const [name, text] of Object.entries(headers)) bytes += Buffer.byteLength(name) + Buffer.byteLength(text) + 4;
  return bytes;
}
