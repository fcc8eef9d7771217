import { describe, expect, it } from '@jest/globals';
import type { Kafka } from 'kafkajs';

import { TopicIds } from './topic-ids.ts';

/** Minimal kafkajs client that creates clusters whose brokers never respond. */
function silentKafka() {
  const counts = { connected: 0, disconnected: 0 };
  const count = (what: keyof typeof counts): Promise<void> => {
    counts[what]++;
    return Promise.resolve();
  };
  const createCluster = () => ({
    brokerPool: { findConnectedBroker: () => Promise.reject(new Error('no broker')) },
    connect: () => count('connected'),
    disconnect: () => count('disconnected'),
  });
  return { kafka: { [Symbol('private:Kafka:createCluster')]: createCluster } as unknown as Kafka, counts };
}

describe('TopicIds', () => {
  it('connects anew after a failure, and leaves no connection open', async () => {
    const { kafka, counts } = silentKafka();
    const ids = new TopicIds(kafka);
    for (let turn = 0; turn < 2; turn++) await expect(ids.of('orders')).rejects.toThrow('no broker');
    expect(counts).toEqual({ connected: 2, disconnected: 2 });
  });

  it('connects no more once it is closed, whoever still asks', async () => {
    const { kafka, counts } = silentKafka();
    const ids = new TopicIds(kafka);
    await ids.close();
    await expect(ids.of('orders')).rejects.toThrow('closed');
    expect(counts).toEqual({ connected: 0, disconnected: 0 });
  });
});
