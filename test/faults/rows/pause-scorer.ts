import { setTimeout as sleep } from 'node:timers/promises';

import { testEvents } from '../../support/scorer-model.ts';
import { until } from '../../support/until.ts';
import type { Scenario } from '../scenario.ts';
import { deliveryOf } from '../stream.ts';

/** Longer than the session timeout (10 s), so that the group reassigns the zombie's partitions. */
const STOPPED_MS = 14_000;
const PARTITIONS = 4;

export const pauseScorer: Scenario = {
  id: 'R3',
  name: 'pause-scorer',
  title: 'a scorer stopped with a batch in hand comes back after others have taken over',
  run: async (stage) => {
    const events = stage.quick ? 4_000 : 40_000;
    const stream = await stage.open('zombie', { partitions: PARTITIONS });
    const messages = testEvents(events, 31).map((event) => ({ value: JSON.stringify(event) }));
    const zombie = stream.start();
    await stream.produce(messages.slice(0, events / 4));
    await stream.untilCaughtUp();

    // Blocks its transactions at the fence, so that it holds a scored but uncommitted batch of
    // every partition.
    const blocker = await stream.parts.database.client();
    await blocker.query('BEGIN');
    await blocker.query('SELECT 1 FROM flowline.stream_offsets FOR UPDATE');
    await stream.produce(messages.slice(events / 4));
    const waitingNow = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;
    let waiting = 0;
    await until('a batch at the fence', async () => (waiting = (await stream.query(waitingNow)).length) > 0);
    zombie.child.kill('SIGSTOP');
    await blocker.query('ROLLBACK');
    const heir = stream.start();
    await sleep(STOPPED_MS);
    await stream.untilCaughtUp();
    const before = await stream.storedRows();
    zombie.child.kill('SIGCONT');
    // Time for the zombie to retry its commits and be refused.
    await sleep(8_000);
    const after = await stream.storedRows();
    await Promise.all([stream.stop(zombie), stream.stop(heir)]);
    return {
      ...deliveryOf(await stream.check()),
      recoverySeconds: null,
      claims: {
        'it stored nothing when it came back': after === before,
      },
      counts: { batchesInHand: waiting },
    };
  },
};
