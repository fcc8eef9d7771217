import kafkajs from 'kafkajs';

import { readTopic } from '../../support/checker.ts';
import { applyTestDetector, oddEvent, testDefinition, testEvents } from '../../support/scorer-model.ts';
import { startCli } from '../../support/scorer-process.ts';
import { until } from '../../support/until.ts';
import type { Scenario } from '../scenario.ts';
import { deliveryOf, type Stream } from '../stream.ts';

/** Initial size limit of the alert topic. The alert of an event with LARGE_LEVEL exceeds it. */
const LIMIT_BYTES = 12_000;
const LARGE_LEVEL = 'x'.repeat(13_000);
const EVERY = 40;

export const refuseAlerts: Scenario = {
  id: 'R18',
  name: 'refuse-alerts',
  title: 'alerts that the broker refuses, and an alert topic that is gone, beside good ones',
  run: async (stage) => {
    const events = stage.quick ? 4_000 : 40_000;
    const stream = await stage.open('undeliverable');
    const { kafka, brokers, topic, alertTopic, database, detector, addresses } = stream.parts;
    const admin = kafka.admin();
    await admin.connect();
    const setLimit = (bytes: number) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: kafkajs.ConfigResourceTypes.TOPIC,
            name: alertTopic,
            configEntries: [{ name: 'max.message.bytes', value: String(bytes) }],
          },
        ],
      });
    await setLimit(LIMIT_BYTES);
    // A second detector on the same events in the same database; its alert topic is deleted while
    // it runs.
    const other = `${detector}-other`;
    const otherAlerts = `${topic}.others`;
    await stage.createTopic(otherAlerts, 1);
    await applyTestDetector(database.db, testDefinition(other, topic, otherAlerts));
    const scorer = stream.start(['--batch-size', '200', '--detector', other]);

    const messages = testEvents(events, 181).map((event, i) => {
      const odd =
        i % EVERY === EVERY - 1 ? { ...oddEvent(event.id), ...(isLarge(i) ? { method: LARGE_LEVEL } : {}) } : event;
      return { value: JSON.stringify(odd) };
    });
    await stream.produce(messages.slice(0, EVERY));
    await stream.untilCaughtUp();
    await until('the first alert of both', async () => (await sent(stream)) >= 1 && (await sent(stream, other)) >= 1);
    await admin.deleteTopics({ topics: [otherAlerts] });
    await stream.produce(messages.slice(EVERY));
    await stream.untilCaughtUp();

    const large = Array.from({ length: events }, (_, i) => i).filter(
      (i) => i % EVERY === EVERY - 1 && isLarge(i),
    ).length;
    const [first] = await stream.query('SELECT count(*)::integer AS n FROM flowline.anomalies WHERE detector = $1', [
      detector,
    ]);
    const anomalies = Number(first?.n);
    await until('every alert that can leave', async () => (await sent(stream)) + (await dead(stream)) >= anomalies);
    const setAside = await dead(stream);
    const arrivedFirst = (await readTopic(brokers, alertTopic)).length;

    // The operator raises the limit, redrives the dead alerts, and recreates the other topic.
    await setLimit(1_000_000);
    const env = { ...addresses };
    const listed = startCli(['alerts', 'dead', 'ls', '--detector', detector, '--limit', '10000', '--json'], env);
    const listCode = await listed.ended;
    const reasons = (JSON.parse(listed.stdout()) as { error: string; attempts: number }[]).map(({ error }) => error);
    const redriveCode = await startCli(['alerts', 'dead', 'redrive', detector], env).ended;
    await stage.createTopic(otherAlerts, 1);
    await stream.untilAlertsSent();
    const code = await stream.stop(scorer);
    const arrived = (await readTopic(brokers, alertTopic)).map(({ value }) => idOf(value));
    const arrivedOther = (await readTopic(brokers, otherAlerts)).map(({ value }) => idOf(value));
    await admin.disconnect();

    const idsOf = async (name: string, from: number) =>
      (
        await stream.query(
          'SELECT alert_id FROM flowline.alert_outbox WHERE detector = $1 ORDER BY outbox_id OFFSET $2',
          [name, from],
        )
      ).map(({ alert_id: id }) => String(id));
    const wanted = await idsOf(detector, 0);
    // Alerts sent before the topic was deleted are gone with it.
    const wantedOther = await idsOf(other, 1);
    return {
      ...deliveryOf(await stream.check()),
      lost: [...wanted.filter((id) => !arrived.includes(id)), ...wantedOther.filter((id) => !arrivedOther.includes(id))]
        .length,
      recoverySeconds: null,
      claims: {
        'every alert that fits has left, past those that do not': arrivedFirst === anomalies - large,
        'exactly the large ones were set aside': setAside === large && large > 0,
        'each with the reason':
          listCode === 0 && reasons.length === large && reasons.every((why) => /larger|too large/i.test(why)),
        'what was set aside left once there was room': redriveCode === 0,
        'no alert arrived twice': new Set(arrived).size === arrived.length,
        'the scorer ended in order': code === 0,
      },
      counts: { anomalies, large, arrived: arrived.length, others: arrivedOther.length },
    };
  },
};

const isLarge = (i: number): boolean => i % (5 * EVERY) === 5 * EVERY - 1;

const idOf = (value: string | null): string => (JSON.parse(value ?? '') as { alertId: string }).alertId;

const sent = (stream: Stream, detector = stream.parts.detector): Promise<number> =>
  stream.count('alert_outbox', 'sent_at IS NOT NULL AND detector = $1', [detector]);
const dead = (stream: Stream): Promise<number> => stream.count('alert_outbox', 'dead_at IS NOT NULL');
