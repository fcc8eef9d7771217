import { readWithJava, type TopicRecord } from './java-kafka.ts';
import type { TestDatabase } from './postgres.ts';

/** Result of comparing a topic with Postgres. */
export interface CheckReport {
  /** Number of committed records on the topic. */
  readonly records: number;
  readonly scored: number;
  readonly deadLetters: number;
  /** Records that repeat the id of an event. */
  readonly duplicates: number;
  /** Committed records that are none of these: `partition:offset`. */
  readonly lost: readonly string[];
  /** Positions stored more than once. */
  readonly duplicated: readonly string[];
  /** Positions stored but not on the topic. */
  readonly invented: readonly string[];
}

/** Every committed record of a topic, read to its end with Kafka's Java client. */
export const readTopic = (brokers: readonly string[], topic: string): Promise<TopicRecord[]> =>
  readWithJava(brokers, topic, 'read_committed');

/**
 * Compares a topic with what is stored of it, by offset, without using the product: it reads with
 * Kafka's Java client and its own SQL. Every committed record must be stored exactly once, as a
 * scored event, as a dead letter or as a duplicate.
 */
export async function checkDelivery(
  brokers: readonly string[],
  database: TestDatabase,
  detector: string,
  topic: string,
): Promise<CheckReport> {
  const records = await readTopic(brokers, topic);
  const stored = await database.query(
    `SELECT partition, "offset", count(*)::integer AS times, max(kind) AS kind
     FROM (
       SELECT partition, "offset", 'scored' AS kind FROM flowline.scored_events WHERE detector = $1 AND topic = $2
       UNION ALL
       SELECT partition, "offset", 'dead letter' FROM flowline.dead_letters WHERE detector = $1 AND topic = $2
       UNION ALL
       SELECT partition, "offset", 'duplicate' FROM flowline.event_duplicates WHERE detector = $1 AND topic = $2
     ) AS everything
     GROUP BY partition, "offset"`,
    [detector, topic],
  );
  const position = (partition: unknown, offset: unknown): string => `${String(partition)}:${String(offset)}`;
  const expected = new Set(records.map(({ partition, offset }) => position(partition, offset)));
  const found = new Map(stored.map((row) => [position(row.partition, row.offset), row]));
  return {
    records: records.length,
    scored: stored.filter(({ kind }) => kind === 'scored').length,
    deadLetters: stored.filter(({ kind }) => kind === 'dead letter').length,
    duplicates: stored.filter(({ kind }) => kind === 'duplicate').length,
    lost: [...expected].filter((key) => !found.has(key)),
    duplicated: [...found].filter(([, row]) => Number(row.times) > 1).map(([key]) => key),
    invented: [...found.keys()].filter((key) => !expected.has(key)),
  };
}
