import { runLabels } from '../backend.ts';
import { untilBrokerAnswers } from './until-broker-answers.ts';

/** Tags of Confluent's images by Apache Kafka version. Local images carry the same tags. */
const tags = { '3.9.1': '7.9.0', '4.1.0': '8.1.0' } as const;
const DEFAULT_IMAGE = 'confluentinc/cp-kafka';

/** Image for a version: from the repository in FLOWLINE_TEST_KAFKA_IMAGE, or from Confluent's. */
function kafkaImage(version: keyof typeof tags): string {
  return `${process.env.FLOWLINE_TEST_KAFKA_IMAGE ?? DEFAULT_IMAGE}:${tags[version]}`;
}

/** Starts a single-node Kafka in a container, with `@testcontainers/kafka`. */
export async function startContainerBroker(
  version: keyof typeof tags,
): Promise<{ readonly address: string; stop(): Promise<void> }> {
  const { KafkaContainer } = await import('@testcontainers/kafka');
  const container = await new KafkaContainer(kafkaImage(version))
    .withKraft()
    .withLabels(runLabels())
    .withEnvironment({
      KAFKA_HEAP_OPTS: '-Xms128m -Xmx512m',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '4',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS: '4',
    })
    .start();
  const stop = async (): Promise<void> => {
    await container.stop({ timeout: 0, removeVolumes: true });
  };
  const address = `${container.getHost()}:${container.getMappedPort(9093)}`;
  try {
    await untilBrokerAnswers(address);
    return { address, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
