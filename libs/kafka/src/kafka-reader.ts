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

/** A dead member is found after this long; recovery takes as long. */
const SESSION_TIMEOUT_MS = 10_000;
const HEARTBEAT_INTERVAL_MS = 1_000;
const REBALANCE_TIMEOUT_MS = 30_000;
/** Few records wait for one another, up to maxWaitMs. */
const MIN_FETCH_BYTES = 65_536;
const PARTITIONS_AT_ONCE = 4;
/** Partitions that are added to a topic are found within this time. */
const METADATA_MAX_AGE_MS = 20_000;

/** A topic whose partitions have all begun: the offset to read next of each, and the ends of its log. */
interface OpenStream extends Pick<TopicState, 'ends'> {
  readonly next: ReadonlyMap<number, number>;
}

/**
 * One consumer of a group, for one subscription of a {@link KafkaSource}. At most two batches of a partition are in flight: kafkajs fetches
 * only once every handler has returned, so a handler waits for the batch before its own, and fetching goes on while that one is stored.
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
 * Kafka's records are fetched by the name of their topic. Which topic of that name they are of is asked after they were fetched, and
 * before they are handed out: ids do not come again, so that one which is the same before and after was the same between.
 */
export class KafkaReader {
  readonly #options: KafkaSourceOptions;
  readonly #subscriber: Subscriber<SourceBatch>;
  /** The next offset to read of each partition; a partition without one is being prepared, or somebody else's. */
  readonly #next = new Map<number, number>();
  /** Of the same partitions: everything below has been stored. */
  readonly #positions = new Map<number, number>();
  /** The newest batch of each partition that was handed out: whether it was stored, once that is known. */
  readonly #newest = new Map<number, Promise<boolean>>();
  /** What lay before these offsets had been stored when the partition was assigned; it may be read again. */
  readonly #stored = new Map<number, number>();
  /** Where kafkajs has passed over records that it does not show; what follows is not known to be stored. */
  readonly #passed = new Map<number, number>();
  #inFlight = 0;
  /** Counts assignments, so that work begun under an older one ends without effect. */
  #assignment = 0;
  #consumer: Consumer | undefined;
  #admin: KafkaAdmin | undefined;
  #stopped = false;
  /** The topic that is read, since the partitions were assigned; null where the brokers give topics no ids. */
  #topicId: string | null = null;
  readonly #topicIdNow = freshAnswers(() => this.#connected().topicId(this.#options.topic));

  constructor(options: KafkaSourceOptions, subscriber: Subscriber<SourceBatch>) {
    this.#options = options;
    this.#subscriber = subscriber;
  }

  /** Connects, joins the group and reads until `stop` or `close`; failures go to the subscriber. */
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

  /** How far each partition that is read here is behind its end. */
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

  /** Batches handed out that are not stored yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Fails the subscription, whose teardown closes the reader. */
  abandon(error: FlowlineError): void {
    this.#fail(error);
  }

  /** Kafka is told of the batches in flight before the group is left. */
  async #leave(): Promise<void> {
    // Records that nobody takes would be fetched over and over.
    if (this.#next.size > 0) {
      this.#consumer?.pause([{ topic: this.#options.topic, partitions: [...this.#next.keys()] }]);
    }
    await this.#settled();
    await this.#consumer?.stop();
  }

  /** Resolves when no batch is in flight. */
  async #settled(): Promise<void> {
    do await Promise.all(this.#newest.values());
    while (this.#inFlight > 0); // one may be on its way out just now
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
    // Whoever was there first goes on undisturbed.
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
    // From the beginning: where kafkajs resets an offset by itself it must not skip records; #onJump decides what it means.
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

  /** Runs within kafkajs's join, before anything is fetched: partitions stay paused until Postgres has said where to begin. */
  #onAssigned(consumer: Consumer, partitions: readonly number[]): void {
    const assignment = ++this.#assignment;
    const { topic, client, offsets } = this.#options;
    this.#forgetPositions();
    if (this.#isOver()) {
      // It was stopped while it joined, which kafkajs does not notice.
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
    // What is in flight belongs to the assignment before, and moves what Postgres knows.
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

  /** Where reading of a partition goes on; what is gone before that is noted. null where somebody else has moved it meanwhile. */
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

  /** @throws FlowlineError FLOWLINE_GROUP_SHARED where members of the group store into another database. */
  async #checkGroup(): Promise<void> {
    const { groupId, database } = this.#options;
    const members = await this.#connected().databasesOfGroup(groupId);
    const foreign = [...members].find(([other]) => other !== database);
    if (foreign !== undefined) throw groupShared(groupId, database, foreign);
  }

  /**
   * The topic, once it is known to be the one that is stored under its name; where it has begun, or partitions of it, begun here.
   * @throws FlowlineError FLOWLINE_TOPIC_RECREATED.
   */
  async #openStream(partitions: readonly number[]): Promise<OpenStream> {
    const { topic, offsets } = this.#options;
    for (;;) {
      // What is stored is asked first: the ends that are asked later lie beyond it, unless the topic is another.
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

  /** The topic as the brokers have it, with at least these partitions. @throws FlowlineError, retryable while they do not know them. */
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

  /** Where the partitions begin of a topic that has never been read; a time is looked up in the log. */
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
    // What returns early here resolves nothing, so the same records are fetched again.
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
      // The batch may end with records that are not shown, such as the markers of transactions.
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

  /** Whether what was fetched is of the topic that is read, and not of a later one of its name: then reading ends. */
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

  /** Hands a batch out; resolves to whether it was stored, and tells Kafka first. */
  async #handOut(payload: EachBatchPayload, batch: Omit<SourceBatch, 'done'>, assignment: number): Promise<boolean> {
    this.#inFlight++;
    const stored = await deliver(this.#subscriber, batch).finally(() => this.#inFlight--);
    // A newer assignment reads its position from Postgres itself.
    if (stored && assignment === this.#assignment) {
      this.#positions.set(batch.partition, batch.nextOffset);
      await this.#commit(payload, batch.nextOffset);
    }
    return stored;
  }

  /** Tells Kafka what Postgres knows already; a failure costs nothing but the freshness of lag tools. */
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

  /** A batch begins elsewhere than where the last one ended. */
  async #onJump(partition: number, position: number, first: number): Promise<void> {
    if (first < position) {
      // Reading never goes back within an assignment: kafkajs has begun anew because the log ends before the position.
      const error = this.#topicId === null ? this.#recreated() : this.#cut([partition]);
      this.#fail(error);
      throw error;
    }
    // Compaction and the markers of transactions leave gaps too; lost are only records before the first that is left.
    const low = (await this.#ends()).get(partition)?.low ?? 0;
    // What was read again only had been stored before it was gone.
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

  /** Tries for as long as a failure may pass and the reader reads: the partitions are paused meanwhile and nothing is lost. */
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

/** Keeps the membership alive while something is waited for; what a heartbeat met is thrown after it. */
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
