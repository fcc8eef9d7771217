import { setTimeout as sleep } from 'node:timers/promises';

import { Kafka, logLevel } from 'kafkajs';

const TIMEOUT_MS = 60_000;

/**
 * Waits until a broker answers. @throws the last error, after a minute or once the broker has
 * ended.
 */
export async function untilBrokerAnswers(address: string, hasEnded: () => boolean = () => false): Promise<void> {
  const kafka = new Kafka({ brokers: [address], clientId: 'test', logLevel: logLevel.NOTHING, retry: { retries: 0 } });
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    const admin = kafka.admin();
    try {
      await admin.connect();
      await admin.describeCluster();
      return;
    } catch (error) {
      if (Date.now() > deadline || hasEnded()) throw error;
      await sleep(100);
    } finally {
      await admin.disconnect();
    }
  }
}
