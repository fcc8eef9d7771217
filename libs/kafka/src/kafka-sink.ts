import type { AlertSink, OutboxMessage } from '@flowline/stream';

import type { KafkaClient } from './kafka-client.ts';
import { KafkaProducer } from './kafka-producer.ts';
import { messageBytes } from './message-bytes.ts';

/**
 * Sends alerts to Kafka by an idempotent producer with acks from all replicas: resolves when every message is replicated.
 * Headers (`ce_*` of CloudEvents) and key come with the messages. Connects with the first message.
 */
export function createKafkaSink(client: KafkaClient): AlertSink {
  const producer = new KafkaProducer(client);
  return {
    name: 'kafka',
    send: async (messages) => {
      for (const topic of new Set(messages.map((message) => message.topic))) {
        const ofTopic = messages.filter((message) => message.topic === topic);
        await producer.send(topic, ofTopic.map(toMessage), messageBytes);
      }
    },
    close: () => producer.close(),
  };
}

function toMessage({ key, value, headers }: OutboxMessage) {
  return { key, value, headers: { ...headers } };
}
