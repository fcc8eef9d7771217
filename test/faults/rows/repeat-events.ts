import { setTimeout as sleep } from 'node:timers/promises';

import { lordThresholds, partitionWealth } from '@flowline/detector';
import { at, isAnomalous, newDiscoveries } from '@flowline/events';
import type { Message } from 'kafkajs';

import { Random } from '../../../libs/flows/src/random.ts';
import { readTopic } from '../../support/checker.ts';
import { oddEvent, type TestEvent, testEvents } from '../../support/scorer-model.ts';
import type { ScorerProcess } from '../../support/scorer-process.ts';
import type { Scenario } from '../scenario.ts';
import { deliveryOf, type Stream } from '../stream.ts';

const PARTITIONS = 4;
const SCORERS = 2;
/** False discovery rate asked for. */
const LEVEL = 0.05;
const REPEATED = 0.05;
/** Records of the partition between an event and its repeat, at most: more than a batch has. */
const LATEST = 400;
/** Longer than the session timeout (10 s): the scorer comes back after others have taken over. */
const STOPPED_MS = 14_000;

export const repeatEvents: Scenario = {
  id: 'R23',
  name: 'repeat-events',
  title:
    'a producer sends 5 % of the events twice while scorers, which control their false discovery rate, are killed and stopped',
  run: async (stage) => {
    const size = stage.quick ? { events: 8_000, seconds: 40, kills: 4 } : { events: 60_000, seconds: 150, kills: 12 };
    const stream = await stage.open('repeats', { partitions: PARTITIONS, control: { fdr: LEVEL } });
    const events = testEvents(size.events, 23).map((event, i) => (i % 97 === 0 ? oddEvent(event.id) : event));
    const messages = withRepeats(events);
    const repeats = messages.length - events.length;
    const scorers = Array.from({ length: SCORERS }, () => stream.start());
    const producing = stream.producePaced(messages, size.seconds);
    producing.catch(() => undefined);
    await stream.untilStored(events.length / 20);
    await harm(stream, scorers, size);
    await producing;
    await stream.untilCaughtUp();
    await stream.untilAlertsSent();
    await stream.stopAll();

    const check = await stream.check();
    const [ids] = await stream.query(
      `SELECT count(*)::integer AS rows, count(DISTINCT event_id)::integer AS ids FROM flowline.scored_events`,
    );
    const [told] = await stream.query(
      `SELECT count(*)::integer AS rows, count(s.event_id)::integer AS of_event, count(DISTINCT d.event_id)::integer AS ids
       FROM flowline.v1_event_duplicates d LEFT JOIN flowline.scored_events s
         ON s.partition = d.partition AND s."offset" = d.first_offset AND s.event_id = d.event_id AND s."offset" < d."offset"`,
    );
    const anomalies = await stream.query('SELECT event_id FROM flowline.anomalies');
    const odd = events.filter((_, i) => i % 97 === 0).map(({ id }) => id);
    const arrived = await readTopic(stream.parts.brokers, stream.parts.alertTopic);
    const alertsOf = new Map(arrived.map(({ value }) => messageOf(value)).map(({ alertId, id }) => [alertId, id]));
    return {
      ...deliveryOf(check),
      recoverySeconds: null,
      claims: {
        'every id is scored exactly once': ids?.rows === events.length && ids.ids === events.length,
        'every repeat is a duplicate of its event': told?.rows === repeats && told.of_event === repeats,
        'every odd event is an anomaly once': isOnceEach(
          anomalies.map((row) => String(row.event_id)),
          odd,
        ),
        'the anomalies are those of the stored p-values, in order': (await decidedOtherwise(stream)) === 0,
        'every scored event is tested once': (await testedOtherwise(stream)) === 0,
        'no event has a second alert': new Set(alertsOf.values()).size === alertsOf.size,
      },
      counts: { rows: check.scored, repeats, duplicates: Number(told?.rows), alerts: alertsOf.size },
    };
  },
};

/**
 * Events whose decision is not the one that follows from the stored p-values of their partition.
 */
async function decidedOtherwise(stream: Stream): Promise<number> {
  const rows = await stream.query(
    `SELECT s.partition, s.p_value, a.p_value IS NOT NULL AS found FROM flowline.scored_events s
     LEFT JOIN flowline.anomalies a USING (detector, partition, "offset") ORDER BY s.partition, s."offset"`,
  );
  let wrong = 0;
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const own = rows.filter((row) => row.partition === partition);
    const pValues = Float64Array.from(own, ({ p_value: p }) => Number(p));
    const thresholds = lordThresholds(partitionWealth(LEVEL, partition), newDiscoveries(LEVEL), pValues);
    wrong += own.filter(({ found }, row) => found !== isAnomalous(at(pValues, row), at(thresholds, row))).length;
  }
  return wrong;
}

/** Partitions whose number of tests or of anomalies is not that of their events. */
async function testedOtherwise(stream: Stream): Promise<number> {
  const rows = await stream.query(
    `SELECT FROM flowline.v1_discoveries d WHERE
       d.tests <> (SELECT count(*) FROM flowline.scored_events s WHERE s.partition = d.partition) OR
       d.anomalies <> (SELECT count(*) FROM flowline.anomalies a WHERE a.partition = d.partition)`,
  );
  return rows.length;
}

/** Kills and stops the scorers in turn while events arrive. */
async function harm(
  stream: Stream,
  scorers: ScorerProcess[],
  { seconds, kills }: { readonly seconds: number; readonly kills: number },
): Promise<void> {
  for (let turn = 0; turn < kills; turn++) {
    const victim = scorers[turn % SCORERS];
    if (turn === 1) {
      victim?.child.kill('SIGSTOP');
      await sleep(STOPPED_MS);
      victim?.child.kill('SIGCONT');
    } else {
      victim?.child.kill('SIGKILL');
      await victim?.ended;
      scorers[turn % SCORERS] = stream.start();
    }
    await sleep((seconds * 1_000 - STOPPED_MS) / (2 * kills));
  }
}

/** The events, a share of which comes again later in its partition. Odd ones always do. */
function withRepeats(events: readonly TestEvent[]): Message[] {
  const random = new Random(5);
  const placed = events.flatMap((event, i) => {
    const message = { value: JSON.stringify(event), partition: i % PARTITIONS };
    const isRepeated = event.latency === 1e6 || random.uniform() < REPEATED;
    const later = 1 + Math.floor(random.uniform() ** 3 * LATEST) * PARTITIONS;
    return [{ at: i, message }, ...(isRepeated ? [{ at: i + later, message }] : [])];
  });
  return placed.sort((a, b) => a.at - b.at).map(({ message }) => message);
}

function messageOf(value: string | null): { readonly alertId: string; readonly id: string } {
  const { alertId, event } = JSON.parse(value ?? '{}') as { alertId: string; event: { id: string } };
  return { alertId, id: event.id };
}

const isOnceEach = (found: readonly string[], wanted: readonly string[]): boolean =>
  wanted.every((id) => found.filter((each) => each === id).length === 1) && new Set(found).size === found.length;
