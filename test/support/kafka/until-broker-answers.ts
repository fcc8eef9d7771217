import { Kafka, logLevel } from 'kafkajs';

import { eventually } from '../until.ts';

/** Long enough for a broker that starts on a busy machine. */
const TIMEOUT_MS = 180_000;

/**
 * Waits until a broker answers. @throws the last error, after three minutes or once the broker has
 * ended.
 */
export async function untilBrokerAnswers(address: string, hasEnded: () => boolean = () => false): Promise<void> {
  const kafka = new Kafka({ brokers: [address], clientId: 'test', logLevel: logLevel.NOTHING, retry: { retries: 0 } });
  const ask = async (): Promise<void> => {
    const admin = kafka.admin();
    try {
      await admin.connect();
      await admin.describeCluster();
    } finally {
      await admin.disconnect();
    }
  };
  await eventually(ask, { timeoutMs: TIMEOUT_MS, everyMs: 100, isHopeless: hasEnded });
}
