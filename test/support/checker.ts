import type { IHeaders, Kafka } from 'kafkajs';

import type { TestDatabase } from './postgres.ts';

/** What a comparison of a topic with Postgres found. */
export interface CheckReport {
  /** Records in the topic. */
  readonly records: number;
  readonly scored: number;
  readonly deadLetters: number;
  /** Records of the topic that are neither scored nor a dead letter: `partition:offset`. */
  readonly lost: readonly string[];
  /** Positions stored more than once. */
  readonly duplicated: readonly string[];
  /** Positions stored that the topic does not hold. */
  readonly invented: readonly string[];
}

/** One record of the topic, as an independent reader sees it. */
export interface TopicRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: string | null;
  readonly headers: IHeaders;
}

/** Reads every record of a topic, to its end, with a client and a group of its own. */
export async function readTopic(kafka: Kafka, topic: string): Promise<TopicRecord[]> {
  const admin = kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const wanted = ends.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0);
  const records: TopicRecord[] = [];
  if (wanted === 0) return records;

  const consumer = kafka.consumer({ groupId: `checker-${process.pid}-${Date.now()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    consumer
      .run({
        autoCommit: false,
        eachMessage: ({ partition, message }) => {
          const { offset, key, value, headers = {} } = message;
          records.push({ partition, offset: Number(offset), key, value: value?.toString() ?? null, headers });
          if (records.length >= wanted) resolve();
          return Promise.resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return records;
}

/**
 * Compares a topic with what is stored of it, by offset: the test's own reader and its own SQL, nothing of the product. Every record must
 * be stored exactly once, as a scored event or as a dead letter.
 */
export async function checkDelivery(
  kafka: Kafka,
  database: TestDatabase,
  detector: string,
  topic: string,
): Promise<CheckReport> {
  const records = await readTopic(kafka, topic);
  const stored = await database.query(
    `SELECT partition, "offset", count(*)::integer AS times, bool_or(scored) AS scored
     FROM (
       SELECT partition, "offset", true AS scored FROM flowline.scored_events WHERE detector = $1 AND topic = $2
       UNION ALL
       SELECT partition, "offset", false FROM flowline.dead_letters WHERE detector = $1 AND topic = $2
     ) AS everything
     GROUP BY partition, "offset"`,
    [detector, topic],
  );
  const position = (partition: unknown, offset: unknown): string => `${String(partition)}:${String(offset)}`;
  const expected = new Set(records.map(({ partition, offset }) => position(partition, offset)));
  const found = new Map(stored.map((row) => [position(row.partition, row.offset), row]));
  return {
    records: records.length,
    scored: stored.filter((row) => row.scored === true).length,
    deadLetters: stored.filter((row) => row.scored === false).length,
    lost: [...expected].filter((key) => !found.has(key)),
    duplicated: [...found].filter(([, row]) => Number(row.times) > 1).map(([key]) => key),
    invented: [...found.keys()].filter((key) => !expected.has(key)),
  };
}
