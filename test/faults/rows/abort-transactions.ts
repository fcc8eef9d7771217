import { at } from '@flowline/events';
import { Random } from '@flowline/flows';

import { checkDelivery } from '../../support/checker.ts';
import { type Codec, type JavaStep, readWithJava, writeWithJava } from '../../support/java-kafka.ts';
import { applyTestDetector, testDefinition, type TestEvent, testEvents } from '../../support/scorer-model.ts';
import type { Scenario } from '../scenario.ts';
import type { Stream } from '../stream.ts';

const PARTITIONS = 3;
/** Key of the control record that aborts a transaction, here on ordinary records. */
const MARKER_KEY = Buffer.alloc(4);
/** One codec per producer. */
const CODECS: readonly Codec[] = ['gzip', 'lz4', 'zstd'];
const CHANCE = { markerKey: 0.5, outside: 0.1, flush: 0.15, end: 0.08, commit: 0.5, leftUnsent: 0.2 } as const;

export const abortTransactions: Scenario = {
  id: 'R17',
  name: 'abort-transactions',
  title: 'committed and aborted transactions of two and three Java producers, interleaved',
  run: async (stage) => {
    const events = stage.quick ? 3_000 : 30_000;
    const stream = await stage.open('transactions', { partitions: PARTITIONS });
    const { brokers, topic, alertTopic, detector, database } = stream.parts;
    // A second detector reads the whole topic afterwards, in one go.
    const late = `${detector}-late`;
    await applyTestDetector(database.db, testDefinition(late, topic, alertTopic));
    const all = testEvents(events, 171);
    const [two, three] = [all.slice(0, events / 2), all.slice(events / 2)];

    const committed = new Set<string>();
    const first = stream.start();
    await writeWithJava(brokers, transactions(topic, two, ['one', 'two'], committed));
    await stream.untilStored(committed.size / 2);
    first.child.kill('SIGKILL');
    await first.ended;
    const second = stream.start();
    await writeWithJava(brokers, transactions(topic, three, ['one', 'two', 'three'], committed));
    await stream.untilStored(committed.size);
    const codes = [await stream.stop(second)];
    const third = stream.start(['--detector', late]);
    await stream.untilStored(2 * committed.size);
    codes.push(await stream.stop(third));

    const names = [detector, late];
    const checks = await Promise.all(names.map((name) => checkDelivery(brokers, database, name, topic)));
    const stored = await Promise.all(names.map((name) => idsOf(stream, name)));
    const written = (await readWithJava(brokers, topic, 'read_uncommitted')).length;
    return {
      events: checks.reduce((sum, { records }) => sum + records, 0),
      lost: checks.reduce((sum, { lost }) => sum + lost.length, 0),
      duplicated: checks.reduce((sum, { duplicated, invented }) => sum + duplicated.length + invented.length, 0),
      recoverySeconds: null,
      claims: {
        'aborted records are on the topic': written > committed.size,
        'the Java consumer shows exactly what was committed': checks.every(({ records }) => records === committed.size),
        'exactly that is scored, live and afterwards':
          checks.every(({ scored }) => scored === committed.size) &&
          stored.every((ids) => ids.every((id) => committed.has(id)) && new Set(ids).size === committed.size),
        'no scorer ended by itself': codes.every((code) => code === 0),
      },
      counts: { written, aborted: written - committed.size },
    };
  },
};

/**
 * Sends events from producers in random turns, in transactions that end at random, and finally one
 * event per partition outside any transaction.
 * @param committed receives the ids of the events that a consumer may see.
 */
function transactions(
  topic: string,
  events: readonly TestEvent[],
  producers: readonly string[],
  committed: Set<string>,
): JavaStep[] {
  const random = new Random(producers.length);
  const happens = (what: keyof typeof CHANCE): boolean => random.uniform() < CHANCE[what];
  const steps: JavaStep[] = [];
  const open = new Map<string, string[]>();
  const end = (producer: string): void => {
    const isCommitted = happens('commit');
    if (isCommitted) open.get(producer)?.forEach((id) => committed.add(id));
    else if (!happens('leftUnsent')) steps.push({ flush: producer });
    steps.push(isCommitted ? { commit: producer } : { abort: producer });
    open.delete(producer);
  };
  const message = (event: TestEvent, partition: number) => ({
    ...{ topic, partition, value: JSON.stringify(event) },
    key: happens('markerKey') ? MARKER_KEY : event.id,
  });
  const sendOutside = (event: TestEvent, partition: number): void => {
    steps.push({ send: message(event, partition), codec: 'snappy' });
    committed.add(event.id);
  };
  const sendWithin = (event: TestEvent, partition: number): void => {
    const turn = random.integer(producers.length);
    const producer = at(producers, turn);
    if (!open.has(producer)) steps.push({ begin: producer, codec: CODECS.at(turn) ?? 'none' });
    steps.push({ send: message(event, partition), producer });
    open.set(producer, [...(open.get(producer) ?? []), event.id]);
    if (happens('flush')) steps.push({ flush: producer });
    if (happens('end')) end(producer);
  };
  const last = events.length - PARTITIONS;
  for (const event of events.slice(0, last)) {
    (happens('outside') ? sendOutside : sendWithin)(event, random.integer(PARTITIONS));
  }
  for (const producer of [...open.keys()]) end(producer);
  events.slice(last).forEach(sendOutside);
  return steps;
}

async function idsOf(stream: Stream, detector: string): Promise<string[]> {
  const rows = await stream.query('SELECT event_id FROM flowline.scored_events WHERE detector = $1', [detector]);
  return rows.map(({ event_id: id }) => String(id));
}
