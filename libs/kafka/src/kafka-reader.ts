import { at, type FlowlineError } from '@flowline/events';
import { deliver, isRetryableError, type RetryNotice, type SourceBatch, untilItSucceeds } from '@flowline/stream';
import type { Consumer, EachBatchPayload } from 'kafkajs';
import type { Subscriber } from 'rxjs';

import { createConsumer } from './create-consumer.ts';
import { groupShared } from './group-members.ts';
import { KafkaAdmin } from './kafka-admin.ts';
import { toFlowlineError, topicMissing } from './kafka-error.ts';
import type { KafkaSourceOptions, PartitionLag } from './kafka-source-options.ts';
import { PartitionPosition } from './partition-position.ts';
import { toRecord } from './to-record.ts';
import { TopicStream } from './topic-stream.ts';
import { whileBeating } from './while-beating.ts';

const PARTITIONS_AT_ONCE = 4;

/** Connection of a reader: its administrative client, and the topic that it reads. */
interface Connection {
  readonly admin: KafkaAdmin;
  readonly stream: TopicStream;
}

/**
 * One consumer of a group, for one subscription of a {@link KafkaSource}. At most two batches of a
 * partition are in flight: kafkajs fetches only once every handler has returned, so a handler waits
 * for the batch before its own, and fetching continues while its own batch is stored.
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
 *
 * Kafka's records are fetched by topic name, so the topic id is checked after each fetch and before
 * its records are handed out. Ids are never reused: an id that is the same before and after a fetch
 * was the same in between.
 */
export class KafkaReader {
  readonly #options: KafkaSourceOptions;
  readonly #subscriber: Subscriber<SourceBatch>;
  /**
   * Positions of the partitions that are read. A partition without one is being prepared, or
   * assigned to another member.
   */
  readonly #positions = new Map<number, PartitionPosition>();
  /** Batches of this and earlier assignments that are not yet stored and committed to Kafka. */
  readonly #deliveries = new Set<Promise<boolean>>();
  #inFlight = 0;
  /** Number of assignments, so that work started under an older one ends without effect. */
  #assignment = 0;
  #consumer: Consumer | undefined;
  #connection: Connection | undefined;
  #stopped = false;

  constructor(options: KafkaSourceOptions, subscriber: Subscriber<SourceBatch>) {
    this.#options = options;
    this.#subscriber = subscriber;
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
    return this.#inFlight;
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
    await this.#settled();
    await this.#consumer?.stop();
  }

  /** Resolves once no batch is in flight. */
  async #settled(): Promise<void> {
    while (this.#deliveries.size > 0) await Promise.all(this.#deliveries);
  }

  async #run(): Promise<void> {
    const { client, topic } = this.#options;
    const admin = await KafkaAdmin.connect(client);
    if (this.#isOver()) {
      await admin.close();
      return;
    }
    this.#connection = { admin, stream: new TopicStream(this.#options, admin, (call) => this.#persist(call)) };
    const [missing] = await admin.missingTopics([topic]);
    if (missing !== undefined) throw topicMissing([topic], client.brokers);
    // Checked before joining, so that existing members of the group are not disturbed.
    await this.#checkGroup();
    await this.#consume(this.#listeningConsumer());
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
    // #onJump decides what the reset means.
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
      eachBatch: (payload) => this.#onBatch(payload),
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
    const { stream } = this.#connected();
    const isCurrent = (): boolean => assignment === this.#assignment && !this.#isOver();
    // Batches in flight belong to the previous assignment and still move the offsets in Postgres.
    await this.#settled();
    await this.#persist(() => this.#checkGroup());
    if (!isCurrent()) return;
    let opened = await stream.open(partitions);
    for (const partition of partitions) {
      let start = await stream.position(partition, opened);
      while (start === null) {
        opened = await stream.open(partitions);
        start = await stream.position(partition, opened);
      }
      const found = start;
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
   * Checks the members of the group.
   * @throws FlowlineError FLOWLINE_GROUP_SHARED if members of the group store into another
   * database.
   */
  async #checkGroup(): Promise<void> {
    const { groupId, database } = this.#options;
    const members = await this.#connected().admin.databasesOfGroup(groupId);
    const foreign = [...members].find(([other]) => other !== database);
    if (foreign !== undefined) throw groupShared(groupId, database, foreign);
  }

  async #onBatch(payload: EachBatchPayload): Promise<void> {
    const { messages, partition } = payload.batch;
    const assignment = this.#assignment;
    // An early return resolves no offset, so the same records are fetched again.
    const goesOn = (): boolean =>
      assignment === this.#assignment && !this.#isOver() && payload.isRunning() && !payload.isStale();
    const position = this.#positions.get(partition);
    const first = messages[0];
    if (position === undefined || first === undefined || !goesOn()) return;
    if (!(await this.#isOfTopic(payload)) || !goesOn()) return;
    if (Number(first.offset) !== position.next) await this.#onJump(partition, position, Number(first.offset));
    const { maxRows } = this.#options;
    for (let start = 0; start < messages.length && goesOn(); start += maxRows) {
      const before = position.newest;
      this.#handOut(payload, start, position);
      if (!(await whileBeating(before, () => payload.heartbeat()))) return;
      await payload.heartbeat();
    }
  }

  /** Hands out the messages of a fetch from an index on, at most as many as a batch may have. */
  #handOut(payload: EachBatchPayload, start: number, position: PartitionPosition): void {
    const { batch } = payload;
    const { topic, partition } = batch;
    const messages = batch.messages.slice(start, start + this.#options.maxRows);
    const last = at(messages, messages.length - 1);
    const isEnd = start + messages.length === batch.messages.length;
    // The fetch may end with hidden records, such as transaction markers.
    const nextOffset = Number(isEnd ? batch.lastOffset() : last.offset) + 1;
    const records = messages.map(toRecord);
    const { topicId } = this.#connected().stream;
    const read = { topic, topicId, partition, fromOffset: position.next, records, nextOffset };
    const delivery = this.#deliver(payload, read, position);
    this.#deliveries.add(delivery);
    void delivery.finally(() => this.#deliveries.delete(delivery));
    position.newest = delivery;
    position.next = nextOffset;
    payload.resolveOffset(last.offset);
  }

  /**
   * True if the fetched records belong to the topic being read. If they belong to a later topic of
   * the same name, reading fails.
   */
  async #isOfTopic(payload: EachBatchPayload): Promise<boolean> {
    const { stream } = this.#connected();
    const assignment = this.#assignment;
    if (await whileBeating(stream.isUnchanged(), () => payload.heartbeat())) return true;
    if (assignment === this.#assignment) this.#fail(stream.recreated());
    return false;
  }

  /**
   * Hands a batch to the subscriber. Resolves to true if it was stored, after committing its offset
   * to Kafka.
   */
  async #deliver(
    payload: EachBatchPayload,
    batch: Omit<SourceBatch, 'done'>,
    position: PartitionPosition,
  ): Promise<boolean> {
    const assignment = this.#assignment;
    this.#inFlight++;
    const stored = await deliver(this.#subscriber, batch).finally(() => this.#inFlight--);
    // A newer assignment reads its position from Postgres.
    if (stored && assignment === this.#assignment) {
      position.stored = batch.nextOffset;
      await this.#commit(payload, batch.nextOffset);
    }
    return stored;
  }

  /**
   * Commits to Kafka the offset that Postgres already has. A failure only makes lag tools less
   * current.
   */
  async #commit(payload: EachBatchPayload, nextOffset: number): Promise<void> {
    const { topic, partition } = payload.batch;
    try {
      await payload.commitOffsetsIfNecessary({
        topics: [{ topic, partitions: [{ partition, offset: String(nextOffset) }] }],
      });
    } catch (error) {
      this.#options.client.log.debug({ err: error, topic, partition }, 'the Kafka offset was not committed');
    }
  }

  /** Handles a batch that does not start where the previous one ended. */
  async #onJump(partition: number, { next, storedBefore }: PartitionPosition, first: number): Promise<void> {
    const { stream } = this.#connected();
    if (first < next) {
      // Reading never goes back within an assignment: kafkajs has reset the offset because the log
      // ends before the position.
      const error = stream.topicId === null ? stream.recreated() : stream.cut([partition]);
      this.#fail(error);
      throw error;
    }
    // Compaction and transaction markers leave gaps too; only records before the first one in the
    // log are lost.
    const low = (await stream.ends()).get(partition)?.low ?? 0;
    // Records read a second time had been stored before they were deleted.
    const from = Math.max(next, storedBefore);
    if (from < low) await stream.recordGap(stream.lost(partition, from, Math.min(first, low)));
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
