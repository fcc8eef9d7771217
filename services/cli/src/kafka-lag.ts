import { lagSeconds, type StreamPosition } from '@flowline/db';
import type { KafkaAdmin } from '@flowline/kafka';

/** How far what is stored of a topic is behind its end; by Postgres and the broker alone, whether or not a scorer runs. */
export interface TopicLag {
  readonly partitions: number;
  /** Partitions in which records wait. */
  readonly behind: number;
  readonly records: number;
  /** The age of the last record that is stored, of the partition that is furthest behind. */
  readonly seconds: number;
}

/** Compares the ends of a topic with what is stored of it. @throws FlowlineError of Kafka. */
export async function topicLag(
  admin: KafkaAdmin,
  topic: string,
  positions: readonly StreamPosition[],
): Promise<TopicLag> {
  const stored = new Map(positions.map((position) => [position.partition, position]));
  const lags = (await admin.offsets(topic)).map(({ partition, low, high }) => {
    const { nextOffset = low, recordTime = null } = stored.get(partition) ?? {};
    const records = Math.max(0, high - Math.max(low, nextOffset));
    return { records, seconds: lagSeconds(records, recordTime) };
  });
  return {
    partitions: lags.length,
    behind: lags.filter((lag) => lag.records > 0).length,
    records: lags.reduce((sum, lag) => sum + lag.records, 0),
    seconds: Math.max(0, ...lags.map((lag) => lag.seconds)),
  };
}
