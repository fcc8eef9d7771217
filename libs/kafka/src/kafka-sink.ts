import type { AlertSink } from '@flowline/stream';

import type { KafkaClient } from './kafka-client.ts';
import { TopicProducers } from './topic-producers.ts';

/**
 * Sends alerts to Kafka by an idempotent producer with acks from all replicas: resolves when every message is replicated that the brokers
 * take. Headers (`ce_*` of CloudEvents) and key come with the messages. Connects with the first message of a topic.
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
      return unsent.map(({ item: { alertId }, refused, error }) => ({ alertId, refused, error }));
    },
    close: () => producers.close(),
  };
}
