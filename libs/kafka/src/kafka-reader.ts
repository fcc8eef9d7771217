import { FlowlineError } from '@flowline/events';
import { deliver, isRetryableError, type RetryNotice, type SourceBatch, untilItSucceeds } from '@flowline/stream';
import type { Consumer, EachBatchPayload } from 'kafkajs';
import type { Subscriber } from 'rxjs';

import { freshAnswers } from './fresh-answers.ts';
import { assignerFor, groupShared } from './group-members.ts';
import { KafkaAdmin, type PartitionOffsets } from './kafka-admin.ts';
import { toFlowlineError, topicMissing } from './kafka-error.ts';
import type { KafkaSourceOptions, LostRecords, PartitionLag } from './kafka-source-options.ts';
import { firstOffset, type LogEnds, readingPosition, streamVerdict, type TopicState } from './stream-position.ts';
import { toRecord } from './to-record.ts';

/** Time until a dead member is detected, and so until its partitions are taken over. */
const SESSION_TIMEOUT_MS = 10_000;
const HEARTBEAT_INTERVAL_MS = 1_000;
const REBALANCE_TIMEOUT_MS = 30_000;
/** Minimum bytes per fetch: fewer records wait for more, up to maxWaitMs. */
const MIN_FETCH_BYTES = 65_536;
const PARTITIONS_AT_ONCE = 4;
/** Maximum time until partitions added to a topic are found. */
const METADATA_MAX_AGE_MS = 20_000;

/** Topic whose partitions have all begun: the next offset to read of each, and its log ends. */
interface OpenStream extends Pick<TopicState, 'ends'> {
  readonly next: ReadonlyMap<number, number>;
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
   * Next offset to read of each partition. A partition without one is being prepared, or assigned
   * to another member.
   */
  readonly #next = new Map<number, number>();
  /** Stored position of the same partitions: everything below it has been stored. */
  readonly #positions = new Map<number, number>();
  /**
   * Newest batch handed out of each partition; resolves to true once it is stored, to false if it
   * may not be.
   */
  readonly #newest = new Map<number, Promise<boolean>>();
  /**
   * Stored position of each partition at its assignment. Everything below it was stored already and
   * may be read again.
   */
  readonly #stored = new Map<number, number>();
  /**
   * Offset after the hidden records that kafkajs has skipped, by partition. It does not imply that
   * the records below are stored.
   */
  readonly #passed = new Map<number, number>();
  #inFlight = 0;
  /** Number of assignments, so that work started under an older one ends without effect. */
  #assignment = 0;
  #consumer: Consumer | undefined;
  #admin: KafkaAdmin | undefined;
  #stopped = false;
  /**
   * Id of the topic being read, as of the last assignment; null if the brokers assign no topic ids.
   */
  #topicId: string | null = null;
  readonly #topicIdNow = freshAnswers(() => this.#connected().topicId(this.#options.topic));

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
    this.#forgetPositions();
    await this.#consumer?.disconnect().catch(() => undefined);
    await this.#admin?.close().catch(() => undefined);
  }

  /** Lag of each partition that is read here. */
  async lag(): Promise<PartitionLag[]> {
    if (this.#admin === undefined || this.#positions.size === 0) return [];
    const ends = await this.#admin.offsets(this.#options.topic);
    return ends.flatMap(({ partition, high }) => {
      const stored = this.#positions.get(partition);
      if (stored === undefined) return [];
      const position = Math.max(stored, this.#passed.get(partition) ?? 0);
      return [{ partition, stored, position, end: high, records: Math.max(0, high - position) }];
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
    if (this.#next.size > 0) {
      this.#consumer?.pause([{ topic: this.#options.topic, partitions: [...this.#next.keys()] }]);
    }
    await this.#settled();
    await this.#consumer?.stop();
  }

  /** Resolves once no batch is in flight. */
  async #settled(): Promise<void> {
    do await Promise.all(this.#newest.values());
    while (this.#inFlight > 0); // a batch may just be being handed out
  }

  async #run(): Promise<void> {
    const { client, groupId, topic, database, maxWaitMs } = this.#options;
    const admin = await KafkaAdmin.connect(client);
    if (this.#isOver()) {
      await admin.close();
      return;
    }
    this.#admin = admin;
    const [missing] = await admin.missingTopics([topic]);
    if (missing !== undefined) throw topicMissing([topic], client.brokers);
    // Checked before joining, so that existing members of the group are not disturbed.
    await this.#checkGroup();

    const consumer = client.kafka.consumer({
      groupId,
      sessionTimeout: SESSION_TIMEOUT_MS,
      heartbeatInterval: HEARTBEAT_INTERVAL_MS,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      minBytes: MIN_FETCH_BYTES,
      maxWaitTimeInMs: Math.max(1, maxWaitMs),
      metadataMaxAge: METADATA_MAX_AGE_MS,
      partitionAssigners: [assignerFor(database)],
      allowAutoTopicCreation: false,
    });
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      this.#onAssigned(consumer, payload.memberAssignment[topic] ?? []);
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) this.#fail(payload.error);
    });
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, batchSize, lastOffset } }) => {
      if (batchSize === 0 && this.#positions.has(partition)) this.#passed.set(partition, Number(lastOffset) + 1);
    });
    await consumer.connect();
    // Start from the beginning: if kafkajs resets an offset by itself, it must not skip records.
    // #onJump decides what the reset means.
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
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
    this.#forgetPositions();
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
    const isCurrent = (): boolean => assignment === this.#assignment && !this.#isOver();
    // Batches in flight belong to the previous assignment and still move the offsets in Postgres.
    await this.#settled();
    await this.#persist(() => this.#checkGroup());
    if (!isCurrent()) return;
    let stream = await this.#openStream(partitions);
    for (const partition of partitions) {
      let position = await this.#position(partition, stream);
      while (position === null) {
        stream = await this.#openStream(partitions);
        position = await this.#position(partition, stream);
      }
      const at = { position, low: stream.ends.get(partition)?.low ?? 0 };
      const from = await this.#persist(() => offsets.replayFrom(topic, partition, at));
      if (!isCurrent()) return;
      this.#stored.set(partition, position);
      if (from < position) client.log.info({ topic, partition, from, to: position }, 'records are read again');
      this.#next.set(partition, from);
      this.#positions.set(partition, from);
      consumer.seek({ topic, partition, offset: String(from) });
      consumer.resume([{ topic, partitions: [partition] }]);
    }
  }

  /**
   * Position from which to read a partition; lost records before it are recorded. Null if another
   * process has moved the partition meanwhile.
   */
  async #position(partition: number, { next, ends }: OpenStream): Promise<number | null> {
    const stored = next.get(partition);
    const end = ends.get(partition);
    if (stored === undefined || end === undefined) throw new Error(`partition ${partition} was not opened`);
    const { offset, lostFrom } = readingPosition(stored, end);
    if (lostFrom === null) return offset;
    const lost = this.#lost(partition, lostFrom, offset);
    if (!(await this.#persist(() => this.#options.offsets.skip(lost)))) return null;
    this.#sayLost(lost);
    return offset;
  }

  /**
   * Checks the members of the group.
   * @throws FlowlineError FLOWLINE_GROUP_SHARED if members of the group store into another
   * database.
   */
  async #checkGroup(): Promise<void> {
    const { groupId, database } = this.#options;
    const members = await this.#connected().databasesOfGroup(groupId);
    const foreign = [...members].find(([other]) => other !== database);
    if (foreign !== undefined) throw groupShared(groupId, database, foreign);
  }

  /**
   * Verifies that the topic is the one stored under its name. A new topic, or a partition that is
   * new in it, is begun first.
   * @throws FlowlineError FLOWLINE_TOPIC_RECREATED.
   */
  async #openStream(partitions: readonly number[]): Promise<OpenStream> {
    const { topic, offsets } = this.#options;
    for (;;) {
      // Stored offsets are read first: the log ends read after them lie beyond, unless the topic is
      // a different one.
      const stored = await this.#persist(() => offsets.read(topic));
      const { topicId, ends } = await this.#persist(() => this.#topicState(partitions));
      const verdict = streamVerdict(stored, { topicId, ends });
      if (verdict.kind === 'recreated') throw this.#recreated();
      if (verdict.kind === 'cut') throw this.#cut(verdict.partitions);
      if (verdict.kind === 'new') {
        const starts = await this.#starts(ends);
        await this.#persist(() => offsets.begin(topic, topicId, starts));
      } else if (verdict.appeared.length > 0) {
        await this.#persist(() => offsets.add(topic, topicId, verdict.appeared));
      } else if (topicId !== null && stored.topicId === null) {
        await this.#persist(() => offsets.adopt(topic, topicId));
      } else {
        this.#topicId = topicId;
        return { next: stored.next, ends };
      }
    }
  }

  /**
   * State of the topic at the brokers, which includes at least these partitions.
   * @throws FlowlineError, retryable while the brokers do not know all of these partitions.
   */
  async #topicState(partitions: readonly number[]): Promise<TopicState> {
    const { topic, client } = this.#options;
    const topicId = await this.#topicIdNow();
    if (topicId === null) {
      const message =
        'the brokers give topics no ids: one that is recreated and filled beyond what is stored looks the same';
      client.log.warn({ topic }, message);
    }
    const ends = await this.#ends();
    const unknown = partitions.find((partition) => !ends.has(partition));
    if (unknown === undefined) return { topicId, ends };
    throw new FlowlineError('FLOWLINE_BROKER_UNREACHABLE', `The brokers do not all know ${topic}[${unknown}] yet.`, {
      where: client.brokers.join(', '),
      remedy: 'Nothing: they are asked again.',
      retryable: true,
    });
  }

  /**
   * Start offsets of the partitions of a topic that has never been read. A start time is looked up
   * in the log.
   */
  async #starts(ends: ReadonlyMap<number, LogEnds>): Promise<ReadonlyMap<number, number>> {
    const { topic, startFrom } = this.#options;
    const at =
      typeof startFrom === 'string'
        ? null
        : await this.#persist(() => this.#connected().offsetsAt(topic, startFrom.timestampMs));
    const from = (partition: number, end: LogEnds) =>
      typeof startFrom === 'string' ? startFrom : (at?.get(partition) ?? end.high);
    return new Map([...ends].map(([partition, end]) => [partition, firstOffset(from(partition, end), end)]));
  }

  #lost(partition: number, fromOffset: number, toOffset: number): LostRecords {
    return { topic: this.#options.topic, topicId: this.#topicId, partition, fromOffset, toOffset };
  }

  #sayLost({ topic, partition, fromOffset: from, toOffset: to }: LostRecords): void {
    const message = `${to - from} records were gone before they could be read`;
    this.#options.client.log.error({ topic, partition, from, to }, message);
  }

  async #onBatch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const { topic, partition } = batch;
    const assignment = this.#assignment;
    // An early return resolves no offset, so the same records are fetched again.
    const goesOn = (): boolean =>
      assignment === this.#assignment && !this.#isOver() && payload.isRunning() && !payload.isStale();
    const position = this.#next.get(partition);
    const first = batch.messages[0];
    if (position === undefined || first === undefined || !goesOn()) return;
    if (!(await this.#isOfTopic(payload)) || !goesOn()) return;
    if (Number(first.offset) !== position) await this.#onJump(partition, position, Number(first.offset));

    let fromOffset = position;
    for (let start = 0; start < batch.messages.length && goesOn(); start += this.#options.maxRows) {
      const messages = batch.messages.slice(start, start + this.#options.maxRows);
      const last = messages.at(-1) ?? first;
      const ended = start + messages.length === batch.messages.length;
      // The batch may end with hidden records, such as transaction markers.
      const nextOffset = Number(ended ? batch.lastOffset() : last.offset) + 1;
      const records = messages.map(toRecord);
      const read = { topic, topicId: this.#topicId, partition, fromOffset, records, nextOffset };
      const before = this.#newest.get(partition) ?? Promise.resolve(true);
      this.#newest.set(partition, this.#handOut(payload, read, assignment));
      this.#next.set(partition, nextOffset);
      payload.resolveOffset(last.offset);
      fromOffset = nextOffset;
      if (!(await whileBeating(before, () => payload.heartbeat()))) return;
      await payload.heartbeat();
    }
  }

  /**
   * True if the fetched records belong to the topic being read. If they belong to a later topic of
   * the same name, reading fails.
   */
  async #isOfTopic(payload: EachBatchPayload): Promise<boolean> {
    const expected = this.#topicId;
    if (expected === null) return true;
    const assignment = this.#assignment;
    const found = await whileBeating(
      this.#persist(() => this.#topicIdNow()),
      () => payload.heartbeat(),
    );
    if (found === expected) return true;
    if (assignment === this.#assignment) this.#fail(this.#recreated());
    return false;
  }

  /** Hands a batch out. Resolves to true if it was stored, after committing its offset to Kafka. */
  async #handOut(payload: EachBatchPayload, batch: Omit<SourceBatch, 'done'>, assignment: number): Promise<boolean> {
    this.#inFlight++;
    const stored = await deliver(this.#subscriber, batch).finally(() => this.#inFlight--);
    // A newer assignment reads its position from Postgres.
    if (stored && assignment === this.#assignment) {
      this.#positions.set(batch.partition, batch.nextOffset);
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
  async #onJump(partition: number, position: number, first: number): Promise<void> {
    if (first < position) {
      // Reading never goes back within an assignment: kafkajs has reset the offset because the log
      // ends before the position.
      const error = this.#topicId === null ? this.#recreated() : this.#cut([partition]);
      this.#fail(error);
      throw error;
    }
    // Compaction and transaction markers leave gaps too; only records before the first one in the
    // log are lost.
    const low = (await this.#ends()).get(partition)?.low ?? 0;
    // Records read a second time had been stored before they were deleted.
    const from = Math.max(position, this.#stored.get(partition) ?? 0);
    if (from < low) await this.#recordGap(this.#lost(partition, from, Math.min(first, low)));
  }

  async #recordGap(lost: LostRecords): Promise<void> {
    this.#sayLost(lost);
    await this.#persist(() => this.#options.offsets.recordGap(lost));
  }

  async #ends(): Promise<ReadonlyMap<number, PartitionOffsets>> {
    const found = await this.#connected().offsets(this.#options.topic);
    return new Map(found.map((end) => [end.partition, end]));
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

  #connected(): KafkaAdmin {
    if (this.#admin === undefined) throw new Error('the reader is not connected');
    return this.#admin;
  }

  #forgetPositions(): void {
    this.#next.clear();
    this.#positions.clear();
    this.#stored.clear();
    this.#passed.clear();
  }

  #isOver(): boolean {
    return this.#stopped || this.#subscriber.closed;
  }

  #fail(error: unknown): void {
    this.#subscriber.error(toFlowlineError(error, this.#options.client.brokers));
  }

  #recreated(): FlowlineError {
    const { topic } = this.#options;
    const message = `The topic ${topic} is not the one that was read before: that one was deleted, and this one created under its name.`;
    return this.#streamError(message, topic);
  }

  #cut(partitions: readonly number[]): FlowlineError {
    const { topic } = this.#options;
    const where = partitions.map((partition) => `${topic}[${partition}]`).join(', ');
    const message = `The log of ${where} ends before what is stored of it: the brokers have lost records, or the topic was created again.`;
    return this.#streamError(message, where);
  }

  #streamError(message: string, where: string): FlowlineError {
    return new FlowlineError('FLOWLINE_TOPIC_RECREATED', message, {
      where,
      remedy: `Start the scorer once with ${this.#options.resetArguments} to go on with what the topic holds now.`,
    });
  }
}

/**
 * Sends heartbeats to keep the membership alive while a promise is pending. A heartbeat failure is
 * thrown once the promise resolves.
 */
async function whileBeating<T>(stored: Promise<T>, heartbeat: () => Promise<void>): Promise<T> {
  let failure: { readonly error: unknown } | undefined;
  const timer = setInterval(() => {
    heartbeat().catch((error: unknown) => (failure = { error }));
  }, HEARTBEAT_INTERVAL_MS);
  try {
    const result = await stored;
    if (failure !== undefined) throw failure.error;
    return result;
  } finally {
    clearInterval(timer);
  }
}
