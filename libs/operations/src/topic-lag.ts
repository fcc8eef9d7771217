import { lagSeconds, type StreamPosition } from '@flowline/db';
import type { KafkaAdmin } from '@flowline/kafka';

/**
 * Lag between the stored part of a topic and its end. It comes from Postgres and the brokers alone
 * and needs no running scorer.
 */
export interface TopicLag {
  readonly partitions: number;
  /** Partitions with pending records. */
  readonly behind: number;
  readonly records: number;
  /** Age of the last stored record, of the partition that is furthest behind, in seconds. */
  readonly seconds: number;
}

/** Lag of a partition. */
export interface PartitionLag {
  readonly partition: number;
  /** Offset after its last record. */
  readonly end: number;
  readonly records: number;
  /** Age of its last stored record while records wait, in seconds. */
  readonly seconds: number;
}

/**
 * Compares the ends of the partitions of a topic with their stored positions.
 * @throws FlowlineError of Kafka.
 */
export async function partitionLags(
  admin: KafkaAdmin,
  topic: string,
  positions: readonly StreamPosition[],
): Promise<PartitionLag[]> {
  const stored = new Map(positions.map((position) => [position.partition, position]));
  return (await admin.offsets(topic)).map(({ partition, low, high }) => {
    const { nextOffset = low, recordTime = null } = stored.get(partition) ?? {};
    const records = Math.max(0, high - Math.max(low, nextOffset));
    return { partition, end: high, records, seconds: lagSeconds(records, recordTime) };
  });
}

/**
 * Compares the ends of a topic with its stored positions.
 * @throws FlowlineError of Kafka.
 */
export async function topicLag(
  admin: KafkaAdmin,
  topic: string,
  positions: readonly StreamPosition[],
): Promise<TopicLag> {
  const lags = await partitionLags(admin, topic, positions);
  return {
    partitions: lags.length,
    behind: lags.filter((lag) => lag.records > 0).length,
    records: lags.reduce((sum, lag) => sum + lag.records, 0),
    seconds: Math.max(0, ...lags.map((lag) => lag.seconds)),
  };
}
