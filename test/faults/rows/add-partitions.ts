import { deleteTopic } from '../../support/kafka.ts';
import { applyTestDetector, oddEvent, testDefinition, testEvents } from '../../support/scorer-model.ts';
import { until } from '../../support/until.ts';
import type { Scenario } from '../scenario.ts';

const PARTITIONS = 2;
const ADDED = 11;

export const addPartitions: Scenario = {
  id: 'R16',
  name: 'add-partitions',
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
    const messages = testEvents(6 * events, 161).map((event, i) => ({
      value: JSON.stringify(i % 200 === 100 ? oddEvent(event.id) : event),
    }));
    const both = ['--detector', 'bystander', '--batch-size', '200'];
    const scoredOf = (of: string) => stream.count('scored_events', 'topic = $1', [of]);
    const alertIds = async () =>
      (await stream.query('SELECT alert_id FROM flowline.anomalies ORDER BY anomaly_id')).map((row) => row.alert_id);
    const admin = kafka.admin();
    await admin.connect();
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({ topic: other, messages: messages.slice(0, 200) });

    // Existing records are skipped under `latest`; records in added partitions are read, no matter
    // when the scorer finds those partitions.
    await stream.produce(messages.slice(0, events));
    const scorer = stream.start(both);
    await until('an offset of each partition', async () => (await stream.nextOffsets()).size === PARTITIONS);
    await stream.produce(messages.slice(events, 2 * events));
    await admin.createPartitions({ topicPartitions: [{ topic, count: PARTITIONS + 1 }] });
    const addedMs = performance.now();
    const added = messages.slice(0, ADDED).map((message) => ({ ...message, partition: PARTITIONS }));
    await until('the added partition', async () => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      return topics[0]?.partitions.length === PARTITIONS + 1;
    });
    await producer.send({ topic, messages: added });
    await until(
      'the records of the added partition',
      async () => (await stream.nextOffsets()).get(PARTITIONS) === ADDED,
    );
    const foundSeconds = (performance.now() - addedMs) / 1_000;
    await until('the records of the topic', async () => (await scoredOf(topic)) === events + ADDED);
    await until('the records of the bystander', async () => (await scoredOf(other)) === 200);
    const code = await stream.stop(scorer);

    // Recreated, and refilled beyond the stored offsets.
    await deleteTopic(admin, topic);
    await stage.createTopic(topic, PARTITIONS);
    await stream.produce(messages.slice(2 * events));
    const refilled = 4 * events;
    const stopped = stream.start(['--json']);
    const stopCode = await stopped.ended;
    const stored = await scoredOf(topic);
    const before = await alertIds();
    const reset = stream.start([...both, '--reset-offsets']);
    await until('the records of the new topic', async () => (await scoredOf(topic)) === stored + refilled);
    await stream.untilCaughtUp();
    const resetCode = await stream.stop(reset);
    await Promise.all([producer.disconnect(), admin.disconnect()]);
    const after = await alertIds();
    const later = after.slice(before.length);
    const total = await scoredOf(topic);
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
          resetCode === 0 && (await scoredOf(other)) === 200,
        'no alert id of the old topic comes again': later.length > 0 && later.every((id) => !before.includes(id)),
        'the scorers found one database': addresses.FLOWLINE_DATABASE_URL === database.url,
      },
      counts: { foundSeconds: foundSeconds.toFixed(1), alerts: after.length },
    };
  },
};
