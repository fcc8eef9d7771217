import { setTimeout as sleep } from 'node:timers/promises';

import { testEvents } from '../../support/scorer-model.ts';
import type { Scenario } from '../scenario.ts';
import { deliveryOf } from '../stream.ts';

/**
 * Limit for recovery: forgotten connections are detected by request and statement timeouts of 30 s,
 * followed by a reconnect.
 */
const LIMIT_SECONDS = 60;

export const breakNetwork: Scenario = {
  id: 'R11',
  name: 'break-network',
  title: 'the network to broker and database delays, cuts, swallows and forgets',
  run: async (stage) => {
    const size = stage.quick
      ? { events: 6_000, holdMs: 4_000, rounds: 1 }
      : { events: 60_000, holdMs: 15_000, rounds: 3 };
    const stream = await stage.open('network', { proxied: true });
    const proxies = [stage.kafkaProxy, stage.postgresProxy];
    const scorers = [stream.start(), stream.start()];
    await stream.produce(testEvents(500, 110).map((event) => ({ value: JSON.stringify(event) })));
    await stream.untilCaughtUp();
    const seconds = (size.rounds * (3 * proxies.length + 1) * size.holdMs) / 1_000;
    const messages = testEvents(size.events, 111).map((event) => ({ value: JSON.stringify(event) }));
    const producing = stream.producePaced(messages, seconds);
    producing.catch(() => undefined);
    for (let round = 0; round < size.rounds; round++) {
      for (const proxy of proxies) {
        const to = proxy === stage.kafkaProxy ? 'broker' : 'database';
        stage.say(`delay to the ${to}`);
        proxy.set({ kind: 'delay', delayMs: 300 });
        await sleep(size.holdMs);
        stage.say(`connections to the ${to} are cut, new ones refused`);
        proxy.set({ kind: 'refuse' });
        proxy.cut();
        await sleep(size.holdMs);
        stage.say(`the way to the ${to} is half open`);
        proxy.set({ kind: 'halfOpen' });
        await sleep(size.holdMs);
        proxy.set({ kind: 'pass' });
      }
    }
    await producing;
    await stream.untilCaughtUp();
    stage.say('connections to both are forgotten');
    for (const proxy of proxies) proxy.freeze();
    await stream.produce(testEvents(500, 112).map((event) => ({ value: JSON.stringify(event) })));
    const recoverySeconds = await stream.untilCaughtUp();
    const alive = scorers.map(({ child }) => child.exitCode === null && child.signalCode === null);
    scorers.forEach((scorer, i) => {
      if (alive[i] === false) stage.say(`a scorer ended: ${scorer.stderr().slice(-1_500)}`);
    });
    // A scorer that still waits on a forgotten connection gives up at its shutdown deadline.
    await Promise.all(scorers.map((scorer) => stream.stop(scorer)));
    return {
      ...deliveryOf(await stream.check()),
      recoverySeconds,
      claims: {
        'no scorer ended by itself': alive.every(Boolean),
        [`forgotten connections are replaced within ${LIMIT_SECONDS} s`]: recoverySeconds <= LIMIT_SECONDS,
      },
    };
  },
};
