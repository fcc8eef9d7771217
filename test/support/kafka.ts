import type { describe } from '@jest/globals';
import { type Admin, type CompressionTypes, Kafka, logLevel, type Message } from 'kafkajs';

import { addressOf, backendOf } from './backend.ts';
import { startContainerBroker } from './kafka/container-broker.ts';
import { kafkaJars } from './kafka/jars.ts';
import { startNativeBroker } from './kafka/native-broker.ts';
import { eventually, until } from './until.ts';

/** Versions of Apache Kafka that the tests run on. */
export const kafkaVersions = ['3.9.1', '4.1.0'] as const;
export type KafkaVersion = (typeof kafkaVersions)[number];
const DEFAULT_VERSION: KafkaVersion = '4.1.0';
const TOPIC_TIMEOUT_MS = 60_000;
/** Messages per send. Each send is one record batch per partition. */
const MESSAGES_A_SEND = 2_000;

/** A Kafka cluster for tests. */
export interface TestKafka {
  /** `host:port` of each bootstrap broker. */
  readonly brokers: readonly string[];
  /** The test's own client, separate from the product's. */
  readonly kafka: Kafka;
  createTopic(topic: string, partitions: number): Promise<void>;
  /** Sends messages in order. Resolves when the broker has acknowledged them all. */
  produce(topic: string, messages: readonly Message[], compression?: CompressionTypes): Promise<void>;
  stop(): Promise<void>;
}

/** Reason why no broker is available here (no Java, no Maven, no network); null if one is. */
function kafkaUnavailable(version: KafkaVersion = DEFAULT_VERSION): string | null {
  if (backendOf('Kafka') !== 'native') return null;
  const jars = kafkaJars(version);
  return 'reason' in jars ? jars.reason : null;
}

/**
 * `describe` for tests that need a broker. Without one they are skipped with the reason; in CI they
 * run and fail.
 */
export function withKafka(
  block: typeof describe,
  version: KafkaVersion = DEFAULT_VERSION,
): typeof describe | typeof describe.skip {
  const reason = kafkaUnavailable(version);
  if (reason === null || process.env.CI === 'true') return block;
  console.warn(`tests are skipped, no Kafka ${version}: ${reason}`);
  return block.skip;
}

/**
 * Starts a single-node Apache Kafka for one test on loopback, as a process or a container. It ends
 * with `stop`, and by itself when this process ends. If FLOWLINE_TEST_KAFKA_BROKERS (host:port, …)
 * is set, that cluster is used instead.
 */
export async function startKafka(options: { readonly version?: KafkaVersion } = {}): Promise<TestKafka> {
  const { version = DEFAULT_VERSION } = options;
  const backend = backendOf('Kafka');
  if (backend === 'external') {
    const brokers = addressOf('Kafka').split(',');
    return testKafka(
      brokers.map((broker) => broker.trim()),
      () => Promise.resolve(),
    );
  }
  const broker = backend === 'native' ? await startNativeBroker({ version }) : await startContainerBroker(version);
  return testKafka([broker.address], () => broker.stop());
}

/** Wraps running brokers for tests, whatever their origin. */
export function testKafka(brokers: readonly string[], stop: () => Promise<void>): TestKafka {
  const kafka = new Kafka({ brokers: [...brokers], clientId: 'test', logLevel: logLevel.NOTHING });
  return {
    brokers,
    kafka,
    stop,
    createTopic: async (topic, partitions) => {
      const admin = kafka.admin();
      await admin.connect();
      try {
        await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: false });
        await untilLed(admin, topic, partitions);
      } finally {
        await admin.disconnect();
      }
    },
    produce: async (topic, messages, compression) => {
      const producer = kafka.producer();
      await producer.connect();
      for (let from = 0; from < messages.length; from += MESSAGES_A_SEND) {
        const part = messages.slice(from, from + MESSAGES_A_SEND);
        await producer.send({ topic, messages: part, ...(compression === undefined ? {} : { compression }) });
      }
      await producer.disconnect();
    },
  };
}

/** Values as JSON messages, round-robin over `partitions` partitions. */
export function spread(values: readonly unknown[], partitions: number): Message[] {
  return values.map((value, i) => ({ value: JSON.stringify(value), partition: i % partitions }));
}

/**
 * Waits until every partition of a new topic has a leader: brokers learn of a topic shortly after
 * its creation.
 */
async function untilLed(admin: Admin, topic: string, partitions: number): Promise<void> {
  await eventually(
    async () => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      const found = topics[0]?.partitions ?? [];
      const areLed = found.length === partitions && found.every(({ leader }) => leader >= 0);
      if (!areLed) throw new Error(`not every partition of ${topic} has a leader`);
    },
    { timeoutMs: TOPIC_TIMEOUT_MS },
  );
}

/** Deletes a topic. Resolves once the brokers no longer list it. */
export async function deleteTopic(admin: Admin, topic: string): Promise<void> {
  await admin.deleteTopics({ topics: [topic] });
  await until(`${topic} is gone`, async () => !(await admin.listTopics()).includes(topic));
}
