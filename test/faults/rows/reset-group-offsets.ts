import { consumerGroupOf } from '@flowline/db';

import { readTopic } from '../../support/checker.ts';
import { oddEvent, testEvents } from '../../support/scorer-model.ts';
import type { Scenario } from '../scenario.ts';
import { deliveryOf } from '../stream.ts';

export const resetGroupOffsets: Scenario = {
  id: 'R7',
  name: 'reset-group-offsets',
  title: "the group's offsets are reset to earliest",
  run: async (stage) => {
    const events = stage.quick ? 4_000 : 50_000;
    const later = 200;
    const stream = await stage.open('reset');
    const { kafka, brokers, topic, alertTopic, detector } = stream.parts;
    const messages = testEvents(events + later, 71).map((event, i) => ({
      value: JSON.stringify(i % 400 === 200 ? oddEvent(event.id) : event),
    }));
    const first = stream.start();
    await stream.produce(messages.slice(0, events));
    await stream.untilCaughtUp();
    await stream.untilAlertsSent();
    await stream.stop(first);
    const rows = await stream.storedRows();
    const alerts = (await readTopic(brokers, alertTopic)).length;

    const groupId = await consumerGroupOf(stream.parts.database.db, detector);
    const admin = kafka.admin();
    await admin.connect();
    await admin.resetOffsets({ groupId, topic, earliest: true });
    const [reset] = await admin.fetchOffsets({ groupId, topics: [topic] });
    await admin.disconnect();
    const second = stream.start(['--alerts', 'kafka']);
    // A few more events show that the scorer reads on. None of them is an anomaly.
    await stream.produce(
      messages.slice(events).map(({ value }, i) => ({ value: value.replace(/"id":"[^"]*"/, `"id":"later-${i}"`) })),
    );
    await stream.untilStored(rows + later);
    await stream.untilAlertsSent();
    await stream.stop(second);
    const newAlerts = (await readTopic(brokers, alertTopic)).length - alerts;
    const [anomalies] = await stream.query(
      `SELECT count(*)::integer AS n, count(*) FILTER (WHERE event_id LIKE 'later-%')::integer AS later FROM flowline.anomalies`,
    );
    return {
      ...deliveryOf(await stream.check()),
      recoverySeconds: null,
      claims: {
        'the group stood at the beginning': reset?.partitions.every(({ offset }) => Number(offset) <= 0) ?? false,
        'no row is new but those of new records': (await stream.storedRows()) === rows + later,
        'no alert is new but those of new records': alerts > 0 && newAlerts === Number(anomalies?.later),
      },
      counts: { rows, alerts, newAlerts },
    };
  },
};
