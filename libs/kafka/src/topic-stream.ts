import { FlowlineError } from '@flowline/events';

import { freshAnswers } from './fresh-answers.ts';
import type { KafkaAdmin, PartitionOffsets } from './kafka-admin.ts';
import { topicRecreated } from './kafka-error.ts';
import type { KafkaSourceOptions, LostRecords, ReadPosition } from './kafka-source-options.ts';
import type { PartitionPosition } from './partition-position.ts';
import { firstOffset, type LogEnds, readingPosition, streamVerdict, type TopicState } from './stream-position.ts';

/** Topic whose partitions have all begun: the next offset to read of each, and its log ends. */
interface OpenStream extends Pick<TopicState, 'ends'> {
  readonly next: ReadonlyMap<number, number>;
}

/** Repeats a call to the brokers or to Postgres until it succeeds or the reader ends. */
export type Persist = <T>(call: () => Promise<T>) => Promise<T>;

/**
 * Topic of a {@link KafkaReader}, and the stream stored under its name. The stream is checked
 * against the brokers, and begun or extended where partitions are new.
 */
export class TopicStream {
  readonly #options: KafkaSourceOptions;
  readonly #admin: KafkaAdmin;
  readonly #persist: Persist;
  readonly #topicIdNow: () => Promise<string | null>;
  #topicId: string | null = null;

  constructor(options: KafkaSourceOptions, admin: KafkaAdmin, persist: Persist) {
    this.#options = options;
    this.#admin = admin;
    this.#persist = persist;
    this.#topicIdNow = freshAnswers(() => admin.topicId(options.topic));
  }

  /**
   * Id of the topic being read, as of the last {@link positions}; null if the brokers assign no
   * topic ids.
   */
  get topicId(): string | null {
    return this.#topicId;
  }

  /**
   * Positions from which to read partitions, one after the other. Lost records before them are
   * recorded.
   * @throws FlowlineError FLOWLINE_TOPIC_RECREATED.
   */
  async *positions(partitions: readonly number[]): AsyncGenerator<ReadPosition & { readonly partition: number }> {
    let opened = await this.#open(partitions);
    for (const partition of partitions) {
      let found = await this.#position(partition, opened);
      while (found === null) {
        opened = await this.#open(partitions);
        found = await this.#position(partition, opened);
      }
      yield { partition, ...found };
    }
  }

  /**
   * Verifies that the topic is the one stored under its name. A new topic, or a partition that is
   * new in it, is begun first.
   * @throws FlowlineError FLOWLINE_TOPIC_RECREATED.
   */
  async #open(partitions: readonly number[]): Promise<OpenStream> {
    const { topic, offsets } = this.#options;
    for (;;) {
      // Stored offsets are read first: the log ends read after them lie beyond, unless the topic is
      // a different one.
      const stored = await this.#persist(() => offsets.read(topic));
      const { topicId, ends } = await this.#persist(() => this.#topicState(partitions));
      const verdict = streamVerdict(stored, { topicId, ends });
      if (verdict.kind === 'recreated') throw this.recreated();
      if (verdict.kind === 'cut') throw this.cut(verdict.partitions);
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
   * Position from which to read a partition; lost records before it are recorded. Null if another
   * process has moved the partition meanwhile.
   */
  async #position(partition: number, { next, ends }: OpenStream): Promise<ReadPosition | null> {
    const stored = next.get(partition);
    const end = ends.get(partition);
    if (stored === undefined || end === undefined) throw new Error(`partition ${partition} was not opened`);
    const { offset, lostFrom } = readingPosition(stored, end);
    const found = { position: offset, low: end.low };
    if (lostFrom === null) return found;
    const lost = this.#lost(partition, lostFrom, offset);
    if (!(await this.#persist(() => this.#options.offsets.skip(lost)))) return null;
    this.#logLost(lost);
    return found;
  }

  /** True if the topic still is the one that was opened, as of an answer asked for now. */
  async isUnchanged(): Promise<boolean> {
    const expected = this.#topicId;
    return expected === null || (await this.#persist(() => this.#topicIdNow())) === expected;
  }

  /**
   * Records the records that were lost between a position and the first record that was fetched,
   * if any. The batch moves the partition past them.
   */
  async passGap(partition: number, { next, storedBefore }: PartitionPosition, first: number): Promise<void> {
    // Compaction and transaction markers leave gaps too; only records before the first one in the
    // log are lost.
    const low = (await this.ends()).get(partition)?.low ?? 0;
    // Records read a second time had been stored before they were deleted.
    const from = Math.max(next, storedBefore);
    if (from >= low) return;
    const lost = this.#lost(partition, from, Math.min(first, low));
    this.#logLost(lost);
    await this.#persist(() => this.#options.offsets.recordGap(lost));
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
        'the brokers give topics no ids: a topic that is recreated and filled beyond the stored offsets looks the same';
      client.log.warn({ topic }, message);
    }
    const ends = await this.ends();
    const unknown = partitions.find((partition) => !ends.has(partition));
    if (unknown === undefined) return { topicId, ends };
    throw new FlowlineError('FLOWLINE_BROKER_UNREACHABLE', `The brokers do not all know ${topic}[${unknown}] yet.`, {
      where: client.brokers.join(', '),
      remedy: 'None needed: they are asked again.',
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
        : await this.#persist(() => this.#admin.offsetsAt(topic, startFrom.timestampMs));
    const from = (partition: number, end: LogEnds) =>
      typeof startFrom === 'string' ? startFrom : (at?.get(partition) ?? end.high);
    return new Map([...ends].map(([partition, end]) => [partition, firstOffset(from(partition, end), end)]));
  }

  /** Lost records [fromOffset, toOffset) of a partition. */
  #lost(partition: number, fromOffset: number, toOffset: number): LostRecords {
    return { topic: this.#options.topic, topicId: this.#topicId, partition, fromOffset, toOffset };
  }

  #logLost({ topic, partition, fromOffset: from, toOffset: to }: LostRecords): void {
    const message = `${to - from} records were gone before they could be read`;
    this.#options.client.log.error({ topic, partition, from, to }, message);
  }

  /** Log ends of every partition, by partition. */
  async ends(): Promise<ReadonlyMap<number, PartitionOffsets>> {
    const found = await this.#admin.offsets(this.#options.topic);
    return new Map(found.map((end) => [end.partition, end]));
  }

  /** Error for a topic that was deleted and created again. */
  recreated(): FlowlineError {
    const { topic } = this.#options;
    const message = `The topic ${topic} is not the one that was read before: it was deleted and created again.`;
    return topicRecreated(message, topic, this.#options.resetArguments);
  }

  /** Error for partitions whose logs end before what is stored of them. */
  cut(partitions: readonly number[]): FlowlineError {
    const { topic } = this.#options;
    const where = partitions.map((partition) => `${topic}[${partition}]`).join(', ');
    const message = `The log of ${where} ends before the stored offset: the brokers have lost records, or the topic was recreated.`;
    return topicRecreated(message, where, this.#options.resetArguments);
  }
}
