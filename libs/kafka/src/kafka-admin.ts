import { setTimeout as sleep } from 'node:timers/promises';

import { isRetryableError } from '@flowline/stream';
import type { Admin } from 'kafkajs';

import type { KafkaClient } from './kafka-client.ts';
import { databasesOf } from './group-members.ts';
import { isUnknownTopic, toFlowlineError, topicMissing } from './kafka-error.ts';
import { TopicIds } from './topic-ids.ts';

/**
 * Retries for about a second: the caller is a person waiting for the answer, or retries by itself.
 */
const RETRY = { initialRetryTime: 200, retries: 3 };
const TOPIC_TIMEOUT_MS = 30_000;
const TOPIC_POLL_MS = 50;
/** Maximum wait for a group to settle, which is the time that a rebalance may take. */
const GROUP_TIMEOUT_MS = 30_000;
const GROUP_POLL_MS = 250;
const SETTLED = new Set(['Stable', 'Empty', 'Dead']);

/** Log ends of one partition. */
export interface PartitionOffsets {
  readonly partition: number;
  /** First offset still in the log. */
  readonly low: number;
  /** Offset of the next record to be written. */
  readonly high: number;
}

/**
 * Administrative requests to a cluster, everything besides reading and writing. connect → calls →
 * close.
 */
export class KafkaAdmin {
  readonly #client: KafkaClient;
  readonly #admin: Admin;
  readonly #topicIds: TopicIds;

  private constructor(client: KafkaClient, admin: Admin) {
    this.#client = client;
    this.#admin = admin;
    this.#topicIds = new TopicIds(client.asking);
  }

  /** Connects to the cluster. @throws FlowlineError FLOWLINE_BROKER_UNREACHABLE (retryable). */
  static async connect(client: KafkaClient): Promise<KafkaAdmin> {
    const admin = client.asking.admin({ retry: RETRY });
    try {
      await admin.connect();
      return new KafkaAdmin(client, admin);
    } catch (error) {
      await admin.disconnect().catch(() => undefined);
      throw toFlowlineError(error, client.brokers);
    }
  }

  /** Returns the topics that do not exist. @throws FlowlineError FLOWLINE_BROKER_UNREACHABLE. */
  async missingTopics(topics: readonly string[]): Promise<string[]> {
    const known = new Set(await this.#ask(() => this.#admin.listTopics()));
    return topics.filter((topic) => !known.has(topic));
  }

  /**
   * Log ends of every partition of a topic.
   * @throws FlowlineError FLOWLINE_TOPIC_MISSING, FLOWLINE_BROKER_UNREACHABLE.
   */
  async offsets(topic: string): Promise<PartitionOffsets[]> {
    try {
      const found = await this.#ask(() => this.#admin.fetchTopicOffsets(topic));
      return found.map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }));
    } catch (error) {
      throw isUnknownTopic(error) ? topicMissing([topic], this.#client.brokers) : error;
    }
  }

  /**
   * Id that distinguishes a topic from earlier and later topics of the same name; null if the
   * brokers assign none (before 2.8).
   * @throws FlowlineError FLOWLINE_TOPIC_MISSING, FLOWLINE_BROKER_UNREACHABLE.
   */
  async topicId(topic: string): Promise<string | null> {
    try {
      return await this.#topicIds.of(topic);
    } catch (error) {
      if (isUnknownTopic(error)) throw topicMissing([topic], this.#client.brokers);
      throw toFlowlineError(error, this.#client.brokers);
    }
  }

  /**
   * Databases that the members of a consumer group store into, each with the host of a member.
   * Waits for a rebalance in progress, up to 30 s.
   * @throws FlowlineError FLOWLINE_BROKER_UNREACHABLE.
   */
  async databasesOfGroup(groupId: string): Promise<ReadonlyMap<string, string>> {
    const deadline = Date.now() + GROUP_TIMEOUT_MS;
    for (;;) {
      const { groups } = await this.#ask(() => this.#admin.describeGroups([groupId]));
      const [group] = groups;
      if (group === undefined) return new Map();
      if (SETTLED.has(group.state) || Date.now() > deadline) return databasesOf(group.members);
      await sleep(GROUP_POLL_MS);
    }
  }

  /**
   * First offset at or after a time, per partition, by the records' timestamps; the end of the
   * partition if there is none.
   */
  async offsetsAt(topic: string, timestampMs: number): Promise<ReadonlyMap<number, number>> {
    const found = await this.#ask(() => this.#admin.fetchTopicOffsetsByTimestamp(topic, timestampMs));
    return new Map(found.map(({ partition, offset }) => [partition, Number(offset)]));
  }

  /**
   * Creates a topic with one replica, unless it exists; for demonstrations and tests. Returns true
   * if the topic is new.
   */
  async createTopic(topic: string, partitions: number): Promise<boolean> {
    const created = await this.#ask(() =>
      this.#admin.createTopics({
        topics: [{ topic, numPartitions: partitions, replicationFactor: 1 }],
        // kafkajs would give up on a broker that does not know the topic yet.
        waitForLeaders: false,
      }),
    );
    const deadline = Date.now() + TOPIC_TIMEOUT_MS;
    while (!(await this.#hasLeaders(topic, partitions))) {
      if (Date.now() > deadline) throw topicMissing([topic], this.#client.brokers);
      await sleep(TOPIC_POLL_MS);
    }
    return created;
  }

  async #hasLeaders(topic: string, partitions: number): Promise<boolean> {
    try {
      const { topics } = await this.#ask(() => this.#admin.fetchTopicMetadata({ topics: [topic] }));
      const found = topics[0]?.partitions ?? [];
      return found.length >= partitions && found.every(({ leader }) => leader >= 0);
    } catch (error) {
      if (isUnknownTopic(error) || isRetryableError(error)) return false;
      throw error;
    }
  }

  /** Deletes a consumer group without members. */
  async deleteGroup(groupId: string): Promise<void> {
    await this.#ask(() => this.#admin.deleteGroups([groupId]));
  }

  async close(): Promise<void> {
    await Promise.all([this.#admin.disconnect(), this.#topicIds.close()]);
  }

  async #ask<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw toFlowlineError(error, this.#client.brokers);
    }
  }
}

/**
 * Checks at startup that the brokers respond and that the topics exist.
 * @throws FlowlineError FLOWLINE_BROKER_UNREACHABLE, FLOWLINE_TOPIC_MISSING (naming all missing
 * topics).
 */
export async function checkTopics(client: KafkaClient, topics: readonly string[]): Promise<void> {
  const admin = await KafkaAdmin.connect(client);
  try {
    const missing = await admin.missingTopics([...new Set(topics)]);
    if (missing.length > 0) throw topicMissing(missing, client.brokers);
  } finally {
    await admin.close();
  }
}
