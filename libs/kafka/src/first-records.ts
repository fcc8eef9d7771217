import { randomUUID } from 'node:crypto';

import type { Consumer, EachBatchHandler } from 'kafkajs';

import { KafkaAdmin } from './kafka-admin.ts';
import type { KafkaClient } from './kafka-client.ts';
import { toFlowlineError, topicMissing } from './kafka-error.ts';

/** Limits of {@link firstRecords}. */
export interface FirstRecordsLimits {
  readonly mostRecords: number;
  /** Time after which the records read so far are the result. */
  readonly maxMs: number;
}

/**
 * Reads the values of the oldest records of a topic, of all its partitions, without a trace: the
 * consumer group is one of its own and is deleted. Records without a value are left out.
 * @throws FlowlineError FLOWLINE_TOPIC_MISSING, FLOWLINE_BROKER_UNREACHABLE.
 */
export async function firstRecords(
  client: KafkaClient,
  topic: string,
  { mostRecords, maxMs }: FirstRecordsLimits,
): Promise<readonly Buffer[]> {
  const admin = await KafkaAdmin.connect(client);
  try {
    if ((await admin.missingTopics([topic])).length > 0) throw topicMissing([topic], client.brokers);
    const unread = new Map(
      (await admin.offsets(topic))
        .filter(({ low, high }) => low < high)
        .map(({ partition, high }) => [partition, high]),
    );
    if (unread.size === 0) return [];
    const groupId = `flowline-init-${randomUUID()}`;
    const values = await consume(client.kafka.consumer({ groupId, allowAutoTopicCreation: false }), topic, {
      ...{ unread, mostRecords, maxMs },
    });
    await admin.deleteGroup(groupId);
    return values;
  } catch (error) {
    throw toFlowlineError(error, client.brokers);
  } finally {
    await admin.close();
  }
}

interface Reading extends FirstRecordsLimits {
  /** End of each partition that still has records to read. */
  readonly unread: Map<number, number>;
}

async function consume(
  consumer: Consumer,
  topic: string,
  { unread, mostRecords, maxMs }: Reading,
): Promise<readonly Buffer[]> {
  const values: Buffer[] = [];
  let late: NodeJS.Timeout | undefined;
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      late = setTimeout(resolve, maxMs);
      consumer.on('consumer.crash', ({ payload }) => reject(payload.error));
      const eachBatch: EachBatchHandler = ({ batch }) => {
        for (const { value } of batch.messages) if (value !== null && values.length < mostRecords) values.push(value);
        const end = unread.get(batch.partition);
        if (end !== undefined && Number(batch.lastOffset()) + 1 >= end) unread.delete(batch.partition);
        if (unread.size === 0 || values.length >= mostRecords) resolve();
        return Promise.resolve();
      };
      consumer.run({ autoCommit: false, eachBatch }).catch(reject);
    });
    return values;
  } finally {
    clearTimeout(late);
    await consumer.disconnect();
  }
}
