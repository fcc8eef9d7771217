import { setTimeout as sleep } from 'node:timers/promises';

import type { Kafka } from 'kafkajs';

import { eventMaker, PARTITIONS } from './workload.ts';

const ROWS_A_SEND = 2_000;
const TICK_MS = 10;

/** Fills a topic with events, in turn over its partitions, as fast as it goes. */
export async function fill(kafka: Kafka, topic: string, events: number): Promise<void> {
  const event = eventMaker(2);
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  for (let start = 0; start < events; start += ROWS_A_SEND) {
    const rows = Math.min(ROWS_A_SEND, events - start);
    const messages = Array.from({ length: rows }, (_, i) => ({
      value: event(start + i, Date.now()),
      partition: (start + i) % PARTITIONS,
    }));
    await producer.send({ topic, messages, acks: 1 });
  }
  await producer.disconnect();
}

/** Produces events at a steady rate for a while; each carries the time of its making. Returns how many there were. */
export async function produceAtRate(
  kafka: Kafka,
  topic: string,
  eventsPerSecond: number,
  seconds: number,
): Promise<number> {
  const event = eventMaker(3);
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const startMs = performance.now();
  const sends: Promise<unknown>[] = [];
  let made = 0;
  for (;;) {
    const elapsedMs = Math.min(performance.now() - startMs, seconds * 1000);
    const due = Math.floor((elapsedMs * eventsPerSecond) / 1000);
    const messages = [];
    for (; made < due; made++) {
      messages.push({ value: event(made, Date.now()), partition: made % PARTITIONS });
    }
    for (let start = 0; start < messages.length; start += ROWS_A_SEND) {
      sends.push(producer.send({ topic, messages: messages.slice(start, start + ROWS_A_SEND), acks: 1 }));
    }
    if (elapsedMs >= seconds * 1000) break;
    await sleep(TICK_MS);
  }
  await Promise.all(sends);
  await producer.disconnect();
  return made;
}
