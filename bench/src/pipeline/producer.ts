import { setTimeout as sleep } from 'node:timers/promises';

import { Random } from '@flowline/flows';
import type { Kafka } from 'kafkajs';

import { eventJson, PARTITIONS } from './workload.ts';

const ROWS_A_SEND = 2_000;
const TICK_MS = 10;

/** Fills a topic with events, in turn over its partitions, as fast as it goes. */
export async function fill(kafka: Kafka, topic: string, events: number): Promise<void> {
  const random = new Random(2);
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  for (let start = 0; start < events; start += ROWS_A_SEND) {
    const rows = Math.min(ROWS_A_SEND, events - start);
    const messages = Array.from({ length: rows }, (_, i) => ({
      value: eventJson(random, start + i, Date.now()),
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
  const random = new Random(3);
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
      messages.push({ value: eventJson(random, made, Date.now()), partition: made % PARTITIONS });
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
