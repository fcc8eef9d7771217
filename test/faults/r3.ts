import { setTimeout as sleep } from 'node:timers/promises';

import { testEvents } from '../support/scorer-model.ts';
import type { Scenario } from './scenario.ts';
import { deliveryOf } from './stream.ts';

/** Beyond the session (10 s), so that the group gives the zombie's partitions away. */
const STOPPED_MS = 14_000;
const PARTITIONS = 4;

export const r3: Scenario = {
  id: 'R3',
  title: 'a scorer stopped with a batch in hand comes back after others have taken over',
  run: async (stage) => {
    const events = stage.quick ? 4_000 : 40_000;
    const stream = await stage.open('zombie', { partitions: PARTITIONS });
    const messages = testEvents(events, 31).map((event) => ({ value: JSON.stringify(event) }));
    const zombie = stream.start();
    await stream.produce(messages.slice(0, events / 4));
    await stream.untilCaughtUp();

    // Its transactions wait at the fence: it holds a scored batch of every partition that is not committed.
    const blocker = await stream.parts.database.client();
    await blocker.query('BEGIN');
    await blocker.query('SELECT 1 FROM flowline.stream_offsets FOR UPDATE');
    await stream.produce(messages.slice(events / 4));
    const waiting = await untilWaiting(() =>
      stream.query(`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`),
    );
    zombie.child.kill('SIGSTOP');
    await blocker.query('ROLLBACK');
    const heir = stream.start();
    await sleep(STOPPED_MS);
    await stream.untilCaughtUp();
    const before = await stream.storedRows();
    zombie.child.kill('SIGCONT');
    // Time for its commits to be tried again, and refused.
    await sleep(8_000);
    const after = await stream.storedRows();
    await Promise.all([stream.stop(zombie), stream.stop(heir)]);
    return {
      ...deliveryOf(await stream.check()),
      recoverySeconds: null,
      claims: {
        'it had a batch in hand when it was stopped': waiting > 0,
        'it stored nothing when it came back': after === before,
      },
      counts: { batchesInHand: waiting },
    };
  },
};

async function untilWaiting(look: () => Promise<readonly unknown[]>): Promise<number> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const found = (await look()).length;
    if (found > 0 || Date.now() > deadline) return found;
    await sleep(50);
  }
}
