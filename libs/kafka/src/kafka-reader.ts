import type { FlowlineError } from '@flowline/events';
import { isRetryableError, type RetryNotice, type SourceBatch, untilItSucceeds } from '@flowline/stream';
import type { Consumer } from 'kafkajs';
import type { Subscriber } from 'rxjs';

import { BatchDeliveries } from './batch-deliveries.ts';
import { createConsumer } from './create-consumer.ts';
import { FetchHandler } from './fetch-handler.ts';
import { requireOwnGroup } from './group-members.ts';
import { KafkaAdmin } from './kafka-admin.ts';
import { toFlowlineError, topicMissing } from './kafka-error.ts';
import type { KafkaSourceOptions, PartitionLag } from './kafka-source-options.ts';
import { PartitionPosition } from './partition-position.ts';
import { TopicStream } from './topic-stream.ts';

const PARTITIONS_AT_ONCE = 4;

/** Connection of a reader: its administrative client, the topic that it reads, and its fetches. */
interface Connection {
  readonly admin: KafkaAdmin;
  readonly stream: TopicStream;
  readonly fetches: FetchHandler;
}

/**
 * One consumer of a group, for one subscription of a {@link KafkaSource}. It prepares the
 * partitions that are assigned to it; {@link FetchHandler} hands out what is then fetched.
 *
 * ```
 *  joined ─▶ each assigned partition: paused ── offset read from Postgres, sought ──▶ reading
 *               ▲                                                                      │ batch
 *               │ rebalance: every position is forgotten,                              ▼
 *               │ the batches in flight finish first        handed out; waiting for done() of the one before (heartbeats go on)
 *               └──────────────────────────────────────────────────────────────────────┤
 *  stop() ─▶ batches in flight finish ─▶ left the group ─▶ completed                   └──▶ reading
 *
 *  done() of a batch ─▶ Kafka offset committed
 * ```
 */
export class KafkaReader {
  readonly #options: KafkaSourceOptions;
  readonly #subscriber: Subscriber<SourceBatch>;
  /**
   * Positions of the partitions that are read. A partition without one is being prepared, or
   * assigned to another member.
   */
  readonly #positions = new Map<number, PartitionPosition>();
  readonly #deliveries: BatchDeliveries;
  /** Number of assignments, so that work started under an older one ends without effect. */
  #assignment = 0;
  #consumer: Consumer | undefined;
  #connection: Connection | undefined;
  #stopped = false;

  constructor(options: KafkaSourceOptions, subscriber: Subscriber<SourceBatch>) {
    this.#options = options;
    this.#subscriber = subscriber;
    this.#deliveries = new BatchDeliveries(subscriber, options.client.log);
  }

  /** Connects, joins the group and reads until `stop` or `close`. Failures go to the subscriber. */
  async start(): Promise<void> {
    try {
      await this.#run();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Lets the batches in flight finish, leaves the group and completes the subscriber. */
  stop(): void {
    this.#stopped = true;
    this.#leave().then(
      () => this.#subscriber.complete(),
      (error: unknown) => this.#fail(error),
    );
  }

  /** Disconnects at once. */
  async close(): Promise<void> {
    this.#stopped = true;
    this.#assignment++;
    this.#positions.clear();
    await this.#consumer?.disconnect().catch(() => undefined);
    await this.#connection?.admin.close().catch(() => undefined);
  }

  /** Lag of each partition that is read here. */
  async lag(): Promise<PartitionLag[]> {
    if (this.#connection === undefined || this.#positions.size === 0) return [];
    const ends = await this.#connection.stream.ends();
    return [...ends.values()].flatMap(({ partition, high }) => {
      const position = this.#positions.get(partition);
      return position === undefined ? [] : [position.lag(partition, high)];
    });
  }

  /** Number of batches handed out and not yet stored. */
  get inFlight(): number {
    return this.#deliveries.inFlight;
  }

  /** Fails the subscription, whose teardown closes the reader. */
  abandon(error: FlowlineError): void {
    this.#fail(error);
  }

  /** Leaves the group once the offsets of the batches in flight are committed to Kafka. */
  async #leave(): Promise<void> {
    // Records that nobody takes would be fetched again and again.
    if (this.#positions.size > 0) {
      this.#consumer?.pause([{ topic: this.#options.topic, partitions: [...this.#positions.keys()] }]);
    }
    await this.#deliveries.settled();
    await this.#consumer?.stop();
  }

  async #run(): Promise<void> {
    const { client, topic } = this.#options;
    const admin = await KafkaAdmin.connect(client);
    if (this.#isOver()) {
      await admin.close();
      return;
    }
    this.#connection = this.#connect(admin);
    const [missing] = await admin.missingTopics([topic]);
    if (missing !== undefined) throw topicMissing([topic], client.brokers);
    // Checked before joining, so that existing members of the group are not disturbed.
    await requireOwnGroup(admin, this.#options);
    await this.#consume(this.#listeningConsumer());
  }

  #connect(admin: KafkaAdmin): Connection {
    const stream = new TopicStream(this.#options, admin, (call) => this.#persist(call));
    const { maxRows } = this.#options;
    const fail = (error: unknown): void => this.#fail(error);
    return { admin, stream, fetches: new FetchHandler({ stream, deliveries: this.#deliveries, maxRows, fail }) };
  }

  #listeningConsumer(): Consumer {
    const consumer = createConsumer(this.#options);
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      this.#onAssigned(consumer, payload.memberAssignment[this.#options.topic] ?? []);
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) this.#fail(payload.error);
    });
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, batchSize, lastOffset } }) => {
      const position = this.#positions.get(partition);
      if (batchSize === 0 && position !== undefined) position.passed = Number(lastOffset) + 1;
    });
    return consumer;
  }

  async #consume(consumer: Consumer): Promise<void> {
    await consumer.connect();
    // Start from the beginning: if kafkajs resets an offset by itself, it must not skip records.
    // FetchHandler decides what the reset means.
    await consumer.subscribe({ topics: [this.#options.topic], fromBeginning: true });
    if (this.#isOver()) {
      await consumer.disconnect();
      return;
    }
    this.#consumer = consumer;
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: PARTITIONS_AT_ONCE,
      eachBatch: (payload) => {
        const position = this.#positions.get(payload.batch.partition);
        const assignment = this.#assignment;
        const isCurrent = (): boolean => assignment === this.#assignment;
        return this.#connected().fetches.handle(payload, { position, isCurrent, isOver: () => this.#isOver() });
      },
    });
  }

  /**
   * Runs within the join of kafkajs, before anything is fetched. Partitions stay paused until their
   * position has been read from Postgres.
   */
  #onAssigned(consumer: Consumer, partitions: readonly number[]): void {
    const assignment = ++this.#assignment;
    const { topic, client, offsets } = this.#options;
    this.#positions.clear();
    if (this.#isOver()) {
      // The reader was stopped while it joined, which kafkajs does not notice.
      void consumer.disconnect().catch(() => undefined);
      return;
    }
    client.log.info({ topic, partitions }, 'partitions assigned');
    offsets.assigned(topic, partitions);
    if (partitions.length === 0) return;
    consumer.pause([{ topic, partitions: [...partitions] }]);
    this.#prepare(consumer, partitions, assignment).catch((error: unknown) => {
      if (assignment === this.#assignment && !this.#isOver()) this.#fail(error);
    });
  }

  async #prepare(consumer: Consumer, partitions: readonly number[], assignment: number): Promise<void> {
    const { client, topic, offsets } = this.#options;
    const { admin, stream } = this.#connected();
    const isCurrent = (): boolean => assignment === this.#assignment && !this.#isOver();
    // Batches in flight belong to the previous assignment and still move the offsets in Postgres.
    await this.#deliveries.settled();
    await this.#persist(() => requireOwnGroup(admin, this.#options));
    if (!isCurrent()) return;
    for await (const { partition, ...found } of stream.positions(partitions)) {
      const from = await this.#persist(() => offsets.replayFrom(topic, partition, found));
      if (!isCurrent()) return;
      if (from < found.position)
        client.log.info({ topic, partition, from, to: found.position }, 'records are read again');
      this.#positions.set(partition, new PartitionPosition(from, found.position));
      consumer.seek({ topic, partition, offset: String(from) });
      consumer.resume([{ topic, partitions: [partition] }]);
    }
  }

  /**
   * Retries while the failure is retryable and the reader is active. The partitions are paused
   * meanwhile, so nothing is lost.
   */
  #persist<T>(call: () => Promise<T>): Promise<T> {
    const { log } = this.#options.client;
    const onRetry = ({ error, delayMs }: RetryNotice): void =>
      log.warn({ err: error, delayMs }, 'waiting: the position of a partition cannot be found or stored');
    const isRetryable = (error: unknown): boolean => !this.#isOver() && isRetryableError(error);
    return untilItSucceeds(call, { isRetryable, onRetry });
  }

  #connected(): Connection {
    if (this.#connection === undefined) throw new Error('the reader is not connected');
    return this.#connection;
  }

  #isOver(): boolean {
    return this.#stopped || this.#subscriber.closed;
  }

  #fail(error: unknown): void {
    this.#subscriber.error(toFlowlineError(error, this.#options.client.brokers));
  }
}
