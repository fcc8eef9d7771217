import { describe, expect, it } from '@jest/globals';
import type { Producer } from 'kafkajs';

import type { KafkaClient } from './kafka-client.ts';
import { TopicProducers } from './topic-producers.ts';

/** Client whose producers hold their sends to `slow` until `released`, with the topics closed. */
function clientOf(released: Promise<void>): { client: KafkaClient; closed: string[] } {
  const closed: string[] = [];
  const producer = (): Partial<Producer> => {
    let own = '';
    return {
      connect: () => Promise.resolve(),
      disconnect: () => Promise.resolve(void closed.push(own)),
      send: async ({ topic }) => {
        own = topic;
        if (topic === 'slow') await released;
        return [{ topicName: topic, partition: 0, errorCode: 0 }];
      },
    };
  };
  return { client: { brokers: ['kafka:9092'], kafka: { producer } } as unknown as KafkaClient, closed };
}

describe('TopicProducers', () => {
  it('keeps a producer open while it sends, and closes idle ones in its place', async () => {
    let release = (): void => undefined;
    const { client, closed } = clientOf(new Promise((resolve) => (release = resolve)));
    const producers = new TopicProducers(client);
    const send = (topic: string) => producers.send([{ topic }], () => ({ value: '{}' }));
    const slow = send('slow');
    for (let i = 0; i < 17; i++) await send(`topic-${i}`);
    expect(closed).toEqual(['topic-0', 'topic-1']);
    release();
    await expect(slow).resolves.toEqual([]);
    await producers.close();
    expect(closed).toContain('slow');
    expect(closed).toHaveLength(18);
  });
});
