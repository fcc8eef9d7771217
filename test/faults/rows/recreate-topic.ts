import { deleteTopic } from '../../support/kafka.ts';
import { testEvents } from '../../support/scorer-model.ts';
import type { Scenario } from '../scenario.ts';

const PARTITIONS = 2;

export const recreateTopic: Scenario = {
  id: 'R14',
  name: 'recreate-topic',
  title: 'the topic is recreated; retention passes the consumer',
  run: async (stage) => {
    const events = stage.quick ? 2_000 : 20_000;
    const stream = await stage.open('recreated', { partitions: PARTITIONS });
    const { kafka, topic, database, detector } = stream.parts;
    const messages = testEvents(events * 3, 141).map((event) => ({ value: JSON.stringify(event) }));
    const admin = kafka.admin();
    await admin.connect();

    // Retention: half of the waiting records are deleted while no scorer runs.
    const first = stream.start();
    await stream.produce(messages.slice(0, events));
    await stream.untilCaughtUp();
    await stream.stop(first);
    await stream.produce(messages.slice(events, 2 * events));
    const deletedUpTo = Math.floor((1.5 * events) / PARTITIONS);
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({
      topic,
      partitions: Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, offset: String(deletedUpTo) })),
    });
    const second = stream.start();
    await stream.untilCaughtUp();
    const code = await stream.stop(second);
    const [gaps] = await stream.query(
      'SELECT coalesce(sum(to_offset - from_offset), 0)::integer AS records FROM flowline.stream_gaps WHERE detector = $1',
      [detector],
    );
    const check = await stream.check();
    const gone = PARTITIONS * deletedUpTo - events;

    // Recreated topic: the stored offsets are beyond its end.
    await deleteTopic(admin, topic);
    await stage.createTopic(topic, PARTITIONS);
    await admin.disconnect();
    await stream.produce(messages.slice(2 * events, 2 * events + 100));
    const before = await stream.storedRows();
    const stopped = stream.start(['--json']);
    const stopCode = await stopped.ended;
    const after = await stream.storedRows();
    const reset = stream.start(['--reset-offsets']);
    await stream.untilStored(before + 100);
    const resetCode = await stream.stop(reset);
    const [row] = await database.query('SELECT count(*)::integer AS n FROM flowline.scored_events');
    return {
      events: 2 * events + 100,
      lost: check.lost.length,
      duplicated: check.duplicated.length,
      recoverySeconds: null,
      claims: {
        'what retention took is recorded as a gap, to the record': Number(gaps?.records) === gone,
        'what was left is scored': check.scored === 2 * events - gone && code === 0,
        'the recreated topic stops the scorer with its code':
          stopCode === 1 && stopped.stdout().includes('FLOWLINE_TOPIC_RECREATED'),
        'and nothing was stored of it': after === before,
        '--reset-offsets begins with the new topic': resetCode === 0 && Number(row?.n) === before + 100,
      },
      counts: { gone, gap: Number(gaps?.records) },
    };
  },
};
