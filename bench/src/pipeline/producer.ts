import { setTimeout as sleep } from 'node:timers/promises';

import type { Kafka } from 'kafkajs';

import { eventMaker, PARTITIONS } from './workload.ts';

const ROWS_A_SEND = 2_000;
/** Bytes per send, below what a broker accepts as one batch. */
const BYTES_A_SEND = 600_000;
const TICK_MS = 10;
const SENDS_AT_ONCE = 16;
/** Number of the first event at a rate, beyond those that fill: a repeated id is a duplicate. */
const FIRST_AT_RATE = 1_000_000_000;

/** Events of a topic, and the partitions they are spread over. */
interface Stream {
  /** Makes the JSON of event number `index`. */
  readonly event: (index: number, timeMs: number) => string;
  readonly partitions: number;
  /** Number of the first event (default 0). Events of a topic have numbers of their own. */
  readonly first: number;
}

/** Fills a topic with events at full speed, round-robin over its partitions. */
export async function fill(
  kafka: Kafka,
  topic: string,
  events: number,
  { event = eventMaker(2), partitions = PARTITIONS, first = 0 }: Partial<Stream> = {},
): Promise<void> {
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const rowsPerSend = Math.min(ROWS_A_SEND, Math.ceil(BYTES_A_SEND / event(0, Date.now()).length));
  for (let start = 0; start < events; start += rowsPerSend) {
    const rows = Math.min(rowsPerSend, events - start);
    await producer.send({ topic, messages: messagesOf({ event, partitions }, first + start, rows), acks: 1 });
  }
  await producer.disconnect();
}

/**
 * Messages of `rows` events from number `first` on, timestamped now, round-robin over the
 * partitions.
 */
const messagesOf = ({ event, partitions }: Omit<Stream, 'first'>, first: number, rows: number) =>
  Array.from({ length: rows }, (_, i) => ({
    value: event(first + i, Date.now()),
    partition: (first + i) % partitions,
  }));

/** Result of producing at a steady rate. */
export interface Production {
  readonly events: number;
  /** Lower than the requested rate if the broker, or this process, could not sustain it. */
  readonly eventsPerSecond: number;
}

/**
 * Produces events at a steady rate for a number of seconds, each with its creation time. The number
 * of sends in flight is bounded: a broker slower than the rate slows the producer instead of
 * filling its memory.
 */
export async function produceAtRate(kafka: Kafka, topic: string, rate: number, seconds: number): Promise<Production> {
  const stream = { event: eventMaker(3), partitions: PARTITIONS };
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const sends = new FewAtOnce();
  const startMs = performance.now();
  const events = rate * seconds;
  for (let made = 0; made < events;) {
    const due = Math.min(events, Math.floor(((performance.now() - startMs) * rate) / 1000));
    while (made < due) {
      const rows = Math.min(ROWS_A_SEND, due - made);
      const messages = messagesOf(stream, FIRST_AT_RATE + made, rows);
      made += rows;
      await sends.start(producer.send({ topic, messages, acks: 1 }));
    }
    await sleep(TICK_MS);
  }
  await sends.all();
  const tookMs = performance.now() - startMs;
  await producer.disconnect();
  return { events, eventsPerSecond: (events * 1000) / tookMs };
}

/** A bound on the number of calls in flight. */
class FewAtOnce {
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  /** Adds a call, and waits until there is room for another. @throws the first error of a call. */
  async start(call: Promise<unknown>): Promise<void> {
    const running: Promise<void> = call
      .then(() => undefined)
      .catch((error: unknown) => void (this.#failure ??= { error }))
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
    while (this.#running.size >= SENDS_AT_ONCE) await Promise.race(this.#running);
    this.#rethrow();
  }

  /** Waits for all calls. @throws the first error of a call. */
  async all(): Promise<void> {
    await Promise.all(this.#running);
    this.#rethrow();
  }

  #rethrow(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
