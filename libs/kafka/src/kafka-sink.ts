import type { AlertSink } from '@flowline/stream';

import type { KafkaClient } from './kafka-client.ts';
import { TopicProducers } from './topic-producers.ts';

/**
 * Creates a sink that sends alerts to Kafka with an idempotent producer and acks from all replicas.
 * A send resolves once every message that the brokers accept is replicated. Messages bring their
 * headers (`ce_*` of CloudEvents) and key. Connects with the first message of a topic.
 */
export function createKafkaSink(client: KafkaClient): AlertSink {
  const producers = new TopicProducers(client);
  return {
    name: 'kafka',
    send: async (messages) => {
      const unsent = await producers.send(messages, ({ key, value, headers }) => ({
        key,
        value,
        headers: { ...headers },
      }));
      return unsent.map(({ item: { messageId }, refused, error }) => ({ messageId, refused, error }));
    },
    close: () => producers.close(),
  };
}
