import { FlowlineError } from '@flowline/events';
import { deliver, type RetryNotice, retryWithBackoff, type SourceBatch } from '@flowline/stream';
import type { Consumer, EachBatchPayload } from 'kafkajs';
import { defer, lastValueFrom, type Subscriber } from 'rxjs';

import { KafkaAdmin, type PartitionOffsets } from './kafka-admin.ts';
import { toFlowlineError, topicMissing } from './kafka-error.ts';
import type { KafkaSourceOptions, PartitionLag } from './kafka-source-options.ts';
import { startPosition } from './start-position.ts';
import { toRecord } from './to-record.ts';

/** A dead member is found after this long; recovery takes as long. */
const SESSION_TIMEOUT_MS = 10_000;
const HEARTBEAT_INTERVAL_MS = 1_000;
const REBALANCE_TIMEOUT_MS = 30_000;
/** Few records wait for one another, up to maxWaitMs. */
const MIN_FETCH_BYTES = 65_536;
const PARTITIONS_AT_ONCE = 4;

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
    const { client, groupId, topic, maxWaitMs } = this.#options;
    const admin = await KafkaAdmin.connect(client);
    if (this.#isOver()) {
      await admin.close();
      return;
    }
    this.#admin = admin;
    const [missing] = await admin.missingTopics([topic]);
    if (missing !== undefined) throw topicMissing([topic], client.brokers);

    const consumer = client.kafka.consumer({
      groupId,
      sessionTimeout: SESSION_TIMEOUT_MS,
      heartbeatInterval: HEARTBEAT_INTERVAL_MS,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      minBytes: MIN_FETCH_BYTES,
      maxWaitTimeInMs: Math.max(1, maxWaitMs),
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
    const ends = await this.#persist(() => this.#ends());
    for (const partition of partitions) {
      const end = ends.get(partition);
      if (!isCurrent() || end === undefined) return;
      const stored = await this.#persist(() => offsets.read(topic, partition));
      const begin = stored === null ? await this.#begin(partition, end) : 'earliest';
      const start = startPosition({ stored, low: end.low, high: end.high, startFrom: begin });
      if (start.kind === 'recreated') throw this.#recreated(partition, stored ?? 0, end.high);
      const position = start.kind === 'gap' ? start.to : start.offset;
      if (start.kind === 'gap') await this.#reportGap(partition, start.from, start.to);
      const from = await this.#persist(() => offsets.replayFrom(topic, partition, { position, low: end.low }));
      if (!isCurrent()) return;
      if (start.kind === 'gap' || start.store) {
        const fromOffset = Math.min(from, stored ?? 0);
        const moved = { topic, partition, fromOffset, records: [], nextOffset: position };
        if (!(await deliver(this.#subscriber, moved)) || !isCurrent()) return;
      }
      this.#stored.set(partition, position);
      if (from < position) client.log.info({ topic, partition, from, to: position }, 'records are read again');
      this.#next.set(partition, from);
      this.#positions.set(partition, from);
      consumer.seek({ topic, partition, offset: String(from) });
      consumer.resume([{ topic, partitions: [partition] }]);
    }
  }

  /** Where a partition begins of which nothing is stored; a time is looked up in the log. */
  async #begin(partition: number, end: PartitionOffsets): Promise<'earliest' | 'latest' | number> {
    const { topic, startFrom } = this.#options;
    if (typeof startFrom === 'string') return startFrom;
    const offsets = await this.#persist(() => this.#connected().offsetsAt(topic, startFrom.timestampMs));
    return offsets.get(partition) ?? end.high;
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
    if (Number(first.offset) !== position) await this.#onJump(partition, position, Number(first.offset));

    let fromOffset = position;
    for (let start = 0; start < batch.messages.length && goesOn(); start += this.#options.maxRows) {
      const messages = batch.messages.slice(start, start + this.#options.maxRows);
      const last = messages.at(-1) ?? first;
      const ended = start + messages.length === batch.messages.length;
      // The batch may end with records that are not shown, such as the markers of transactions.
      const nextOffset = Number(ended ? batch.lastOffset() : last.offset) + 1;
      const read = { topic, partition, fromOffset, records: messages.map(toRecord), nextOffset };
      const before = this.#newest.get(partition) ?? Promise.resolve(true);
      this.#newest.set(partition, this.#handOut(payload, read, assignment));
      this.#next.set(partition, nextOffset);
      payload.resolveOffset(last.offset);
      fromOffset = nextOffset;
      if (!(await whileBeating(before, () => payload.heartbeat()))) return;
      await payload.heartbeat();
    }
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
      const error = this.#recreated(partition, position, first);
      this.#fail(error);
      throw error;
    }
    // Compaction and the markers of transactions leave gaps too; lost are only records before the first that is left.
    const low = (await this.#ends()).get(partition)?.low ?? 0;
    // What was read again only had been stored before it was gone.
    const from = Math.max(position, this.#stored.get(partition) ?? 0);
    if (from < low) await this.#reportGap(partition, from, Math.min(first, low));
  }

  async #reportGap(partition: number, from: number, to: number): Promise<void> {
    const { client, topic, offsets } = this.#options;
    client.log.error({ topic, partition, from, to }, `${to - from} records were gone before they could be read`);
    await this.#persist(() => offsets.recordGap(topic, partition, from, to));
  }

  async #ends(): Promise<ReadonlyMap<number, PartitionOffsets>> {
    const found = await this.#connected().offsets(this.#options.topic);
    return new Map(found.map((end) => [end.partition, end]));
  }

  /** Tries for as long as a failure may pass: the partitions are paused meanwhile and nothing is lost. */
  #persist<T>(call: () => Promise<T>): Promise<T> {
    const { log } = this.#options.client;
    const onRetry = ({ error, delayMs }: RetryNotice): void =>
      log.warn({ err: error, delayMs }, 'waiting: the position of a partition cannot be found or stored');
    return lastValueFrom(defer(call).pipe(retryWithBackoff({ onRetry })));
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

  #recreated(partition: number, stored: number, found: number): FlowlineError {
    const { topic } = this.#options;
    const message = `The next offset stored for ${topic}[${partition}] is ${stored}, but the log stands at ${found}`;
    return new FlowlineError('FLOWLINE_TOPIC_RECREATED', `${message}: the topic was deleted and created again.`, {
      where: `${topic}[${partition}]`,
      remedy: 'Start the scorer once with --reset-offsets to begin with the new topic.',
    });
  }
}

/** Keeps the membership alive while a batch is stored; what a heartbeat met is thrown once that batch is out of flight. */
async function whileBeating(stored: Promise<boolean>, heartbeat: () => Promise<void>): Promise<boolean> {
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
