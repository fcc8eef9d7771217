import { setTimeout as sleep } from 'node:timers/promises';

import { applyTestDetector, oddEvent, testDefinition, testEvents } from '../support/scorer-model.ts';
import type { Scenario } from './scenario.ts';

const PARTITIONS = 2;
const ADDED = 11;

export const r16: Scenario = {
  id: 'R16',
  title: 'partitions are added under latest; a topic is recreated and refilled beyond what was stored',
  run: async (stage) => {
    const events = stage.quick ? 1_000 : 10_000;
    const stream = await stage.open('lives', { partitions: PARTITIONS });
    const { kafka, topic, alertTopic, database, detector, addresses } = stream.parts;
    const definition = testDefinition(detector, topic, alertTopic);
    const from = { topic, format: 'json', startFrom: 'latest' } as const;
    await applyTestDetector(database.db, { ...definition, source: { ...definition.source, kafka: from } });
    // A second detector in the same database reads a topic without faults.
    const other = `${topic}.other`;
    await stage.createTopic(other, 1);
    await applyTestDetector(database.db, testDefinition('bystander', other, alertTopic));
    const messages = testEvents(4 * events, 161).map((event, i) => ({
      value: JSON.stringify(i % 200 === 100 ? oddEvent(event.id) : event),
    }));
    const both = ['--detector', 'bystander', '--batch-size', '200'];
    const admin = kafka.admin();
    await admin.connect();
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({ topic: other, messages: messages.slice(0, 200) });

    // Existing records are skipped under `latest`; records in added partitions are read, no matter
    // when the scorer finds those partitions.
    await stream.produce(messages.slice(0, events));
    const scorer = stream.start(both);
    await until(async () => (await stream.nextOffsets()).size === PARTITIONS);
    await stream.produce(messages.slice(events, 2 * events));
    await admin.createPartitions({ topicPartitions: [{ topic, count: PARTITIONS + 1 }] });
    const addedMs = performance.now();
    const added = messages.slice(0, ADDED).map((message) => ({ ...message, partition: PARTITIONS }));
    await until(async () => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      return topics[0]?.partitions.length === PARTITIONS + 1;
    });
    await producer.send({ topic, messages: added });
    await until(async () => (await stream.nextOffsets()).get(PARTITIONS) === ADDED);
    const foundSeconds = (performance.now() - addedMs) / 1_000;
    await until(async () => (await count(stream, topic)) === events + ADDED);
    await until(async () => (await count(stream, other)) === 200);
    const code = await stream.stop(scorer);

    // Recreated, and refilled beyond the stored offsets.
    await admin.deleteTopics({ topics: [topic] });
    while ((await admin.listTopics()).includes(topic)) await sleep(50);
    await stage.createTopic(topic, PARTITIONS);
    await stream.produce(messages.slice(2 * events));
    await stream.produce(messages.slice(2 * events));
    const refilled = 4 * events;
    const stopped = stream.start(['--json']);
    const stopCode = await stopped.ended;
    const stored = await count(stream, topic);
    const before = await alertIds(stream);
    const reset = stream.start([...both, '--reset-offsets']);
    await until(async () => (await count(stream, topic)) === stored + refilled);
    await stream.untilCaughtUp();
    const resetCode = await stream.stop(reset);
    await Promise.all([producer.disconnect(), admin.disconnect()]);
    const after = await alertIds(stream);
    const total = await count(stream, topic);
    return {
      events: events + ADDED + refilled,
      lost: Math.max(0, events + ADDED + refilled - total),
      duplicated: Math.max(0, total - (events + ADDED + refilled)),
      recoverySeconds: null,
      claims: {
        'what came to the partition that was added is found within a minute': foundSeconds < 60 && code === 0,
        'the recreated topic stops its detector with its code':
          stopCode === 1 && stopped.stdout().includes('FLOWLINE_TOPIC_RECREATED'),
        'and nothing is stored of it': stored === events + ADDED,
        '--reset-offsets reads the new topic from its beginning, and leaves the other detector alone':
          resetCode === 0 && (await count(stream, other)) === 200,
        'no alert id of the old topic comes again':
          new Set(after).size === after.length && after.length > before.length,
        'the scorers found one database': addresses.FLOWLINE_DATABASE_URL === database.url,
      },
      counts: { foundSeconds: foundSeconds.toFixed(1), alerts: after.length },
    };
  },
};

interface Queries {
  query(text: string, values?: readonly unknown[]): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

async function count(stream: Queries, topic: string): Promise<number> {
  const [row] = await stream.query('SELECT count(*)::integer AS n FROM flowline.scored_events WHERE topic = $1', [
    topic,
  ]);
  return Number(row?.n);
}

async function alertIds(stream: Queries): Promise<readonly unknown[]> {
  return (await stream.query('SELECT alert_id FROM flowline.anomalies')).map((row) => row.alert_id);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 90_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`it did not come to pass in 90 s: ${holds.toString()}`);
    await sleep(100);
  }
}
