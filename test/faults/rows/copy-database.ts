import { listDetectors } from '@flowline/db';

import { checkDelivery } from '../../support/checker.ts';
import { startCli } from '../../support/scorer-process.ts';
import { applyTestDetector, testDefinition, testEvents } from '../../support/scorer-model.ts';
import type { Scenario } from '../scenario.ts';
import { Stream } from '../stream.ts';

export const copyDatabase: Scenario = {
  id: 'R15',
  name: 'copy-database',
  title: 'two databases with detectors of one name on one broker, and a copy of one of them',
  run: async (stage) => {
    const events = stage.quick ? 2_000 : 20_000;
    const one = await stage.open('shared', { partitions: 4 });
    const { brokers, topic, alertTopic, detector, addresses } = one.parts;
    const database = await stage.createDatabase();
    await applyTestDetector(database.db, testDefinition(detector, topic, alertTopic));
    const elsewhere = { ...addresses, FLOWLINE_DATABASE_URL: database.url };
    const two = new Stream({ ...one.parts, database, addresses: elsewhere });
    const messages = testEvents(2 * events, 151).map((event) => ({ value: JSON.stringify(event) }));

    const scorers = [one.start(), two.start()];
    await one.produce(messages.slice(0, events));
    await Promise.all([one.untilCaughtUp(), two.untilCaughtUp()]);
    const checks = await Promise.all(
      [one, two].map(({ parts }) => checkDelivery(brokers, parts.database, detector, topic)),
    );

    // Before consumer groups carried a database id, detectors shared a group. The second database
    // to join is refused.
    await Promise.all([one.stopAll(), two.stopAll()]);
    for (const { parts } of [one, two]) {
      await parts.database.query(`UPDATE flowline.detectors SET consumer_group = 'flowline.' || name`);
    }
    const first = one.start();
    await one.produce(messages.slice(events));
    await one.untilCaughtUp();
    const second = two.start(['--json']);
    const refused = await second.ended;
    // The command named in the error gives the copy a group of its own.
    const settled = await startCli(['identity', '--new'], elsewhere).ended;
    const third = two.start();
    await two.untilCaughtUp();
    const after = await Promise.all(
      [one, two].map(({ parts }) => checkDelivery(brokers, parts.database, detector, topic)),
    );
    const codes = [await one.stop(first), await two.stop(third)];
    const known = (await listDetectors(database.db)).length;
    await two.close();
    const all = [...checks, ...after];
    return {
      events: 4 * events,
      lost: all.reduce((sum, { lost }) => sum + lost.length, 0),
      duplicated: all.reduce((sum, { duplicated, invented }) => sum + duplicated.length + invented.length, 0),
      recoverySeconds: null,
      claims: {
        'each database has scored every event': all.every(({ records, scored }) => scored === records),
        'a member of another database is refused, with its code':
          refused === 1 && second.stdout().includes('FLOWLINE_GROUP_SHARED'),
        'the one that was there goes on': codes.every((code) => code === 0) && scorers.length === 2 && known === 1,
        'the command that the error names gives it a group of its own': settled === 0,
      },
    };
  },
};
