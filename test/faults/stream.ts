import { setTimeout as sleep } from 'node:timers/promises';

import type { Kafka, Message } from 'kafkajs';

import { type CheckReport, checkDelivery } from '../support/checker.ts';
import type { Row, TestDatabase } from '../support/postgres.ts';
import { type ScorerProcess, startScorer } from '../support/scorer-process.ts';
import { eventually, type Patience, until, untilReached } from '../support/until.ts';

export interface StreamParts {
  readonly kafka: Kafka;
  /** `host:port` of the brokers, bypassing any proxy, for the checker. */
  readonly brokers: readonly string[];
  readonly database: TestDatabase;
  readonly detector: string;
  readonly topic: string;
  readonly alertTopic: string;
  readonly partitions: number;
  /** Broker and database addresses for the scorers, as environment variables. */
  readonly addresses: Readonly<Record<string, string>>;
}

const POLL_MS = 100;
const STALL_MS = 120_000;
const PRODUCE_EVERY_MS = 250;

/**
 * One detector with its topic, its scorers, and an independent view of the topic and the tables.
 */
export class Stream {
  readonly parts: StreamParts;
  readonly #running = new Set<ScorerProcess>();

  constructor(parts: StreamParts) {
    this.parts = parts;
  }

  /** Starts a scorer. Batches are small, so that a fault hits many of them midway. */
  start(args: readonly string[] = ['--batch-size', '200'], env: Readonly<Record<string, string>> = {}): ScorerProcess {
    const { addresses, detector } = this.parts;
    const scorer = startScorer(['--source', 'kafka', '--detector', detector, ...args], { ...addresses, ...env });
    this.#running.add(scorer);
    void scorer.ended.then(() => this.#running.delete(scorer));
    return scorer;
  }

  /** Stops a scorer with SIGTERM. Returns its exit code, or the signal that ended it. */
  async stop(scorer: ScorerProcess): Promise<number | NodeJS.Signals> {
    scorer.child.kill('SIGTERM');
    return scorer.ended;
  }

  /** Stops every scorer with SIGTERM. */
  async stopAll(): Promise<void> {
    await Promise.all([...this.#running].map((scorer) => this.stop(scorer)));
  }

  /** Sends messages at once, round-robin over the partitions unless they name theirs. */
  async produce(messages: readonly Message[]): Promise<void> {
    const producer = this.parts.kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    for (let from = 0; from < messages.length; from += 2_000) {
      await producer.send({ topic: this.parts.topic, messages: this.#spread(messages, from, from + 2_000) });
    }
    await producer.disconnect();
  }

  /** Sends messages evenly over a number of seconds, retrying through any broker fault. */
  async producePaced(messages: readonly Message[], seconds: number): Promise<void> {
    const producer = this.parts.kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    const startedMs = performance.now();
    for (let from = 0; from < messages.length;) {
      const due = Math.ceil((messages.length * (performance.now() - startedMs)) / (seconds * 1_000));
      const to = Math.min(messages.length, due);
      if (to > from) await producer.send({ topic: this.parts.topic, messages: this.#spread(messages, from, to) });
      from = Math.max(from, to);
      await sleep(PRODUCE_EVERY_MS);
    }
    await producer.disconnect();
  }

  #spread(messages: readonly Message[], from: number, to: number): Message[] {
    return messages
      .slice(from, to)
      .map((message, i) => ({ partition: (from + i) % this.parts.partitions, ...message }));
  }

  /** Runs a statement independently of the product, retrying while the database is down. */
  async query(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return eventually(() => this.parts.database.query(text, values), { timeoutMs: STALL_MS, everyMs: POLL_MS });
  }

  /** Number of rows of a table of the schema `flowline` that meet a condition. */
  async count(table: string, condition: string, values: readonly unknown[] = []): Promise<number> {
    const [row] = await this.query(`SELECT count(*)::integer AS n FROM flowline.${table} WHERE ${condition}`, values);
    return Number(row?.n);
  }

  /** Number of stored rows: scored events, dead letters and duplicates. */
  async storedRows(): Promise<number> {
    const [row] = await this.query(
      `SELECT (SELECT count(*) FROM flowline.scored_events)::integer + (SELECT count(*) FROM flowline.dead_letters)::integer
         + (SELECT count(*) FROM flowline.event_duplicates)::integer AS n`,
    );
    return Number(row?.n);
  }

  /** Next offset of each partition as stored in Postgres. */
  async nextOffsets(): Promise<ReadonlyMap<number, number>> {
    const rows = await this.query(
      'SELECT partition, next_offset::float8 AS next FROM flowline.stream_offsets WHERE detector = $1 AND topic = $2',
      [this.parts.detector, this.parts.topic],
    );
    return new Map(rows.map(({ partition, next }) => [Number(partition), Number(next)]));
  }

  /** End offset of each partition on the topic. */
  async ends(): Promise<ReadonlyMap<number, number>> {
    const admin = this.parts.kafka.admin();
    await admin.connect();
    try {
      const found = await admin.fetchTopicOffsets(this.parts.topic);
      return new Map(found.map(({ partition, high }) => [partition, Number(high)]));
    } finally {
      await admin.disconnect();
    }
  }

  /**
   * Waits until `wanted` rows are stored. @throws Error with the scorers' logs after two minutes
   * without progress.
   */
  async untilStored(wanted: number): Promise<void> {
    await untilReached(`rows of ${this.parts.detector}`, wanted, () => this.storedRows(), this.#patience());
  }

  /** Waits until no anomaly waits, and no alert in the outbox. @throws Error after two minutes. */
  async untilAlertsSent(): Promise<void> {
    const isEmpty = async () =>
      (await this.count('anomaly_backlog', 'true')) === 0 &&
      (await this.count('alert_outbox', 'sent_at IS NULL')) === 0;
    await until(`every alert of ${this.parts.detector}`, isEmpty, this.#patience());
  }

  /**
   * Waits until everything now on the topic is stored. Returns the elapsed seconds.
   * @throws Error with the scorers' logs after two minutes.
   */
  async untilCaughtUp(): Promise<number> {
    const startedMs = performance.now();
    const ends = await this.ends();
    const isThere = async () => {
      const next = await this.nextOffsets();
      return [...ends].every(([partition, end]) => (next.get(partition) ?? 0) >= end);
    };
    await until(`the end of every partition of ${this.parts.topic}`, isThere, this.#patience());
    return (performance.now() - startedMs) / 1_000;
  }

  #patience(): Patience {
    return { timeoutMs: STALL_MS, everyMs: POLL_MS, detail: () => this.logs() };
  }

  /** Compares the topic with what is stored of it. */
  check(): Promise<CheckReport> {
    return checkDelivery(this.parts.brokers, this.parts.database, this.parts.detector, this.parts.topic);
  }

  logs(): string {
    return [...this.#running].map((scorer) => `${scorer.stderr().slice(-3_000)}\n--\n`).join('');
  }

  /** Kills the running scorers and closes the database. */
  async close(): Promise<void> {
    for (const { child } of this.#running) child.kill('SIGKILL');
    await Promise.all([...this.#running].map(({ ended }) => ended));
    await this.parts.database.close();
  }
}

/** Converts a delivery check into the counts of a row's outcome. */
export function deliveryOf({ records, lost, duplicated, invented }: CheckReport): {
  readonly events: number;
  readonly lost: number;
  readonly duplicated: number;
} {
  return { events: records, lost: lost.length, duplicated: duplicated.length + invented.length };
}
