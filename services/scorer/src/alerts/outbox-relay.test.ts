import type { OutboxQueue, RelayReport } from '@flowline/db';
import { silentLogger } from '@flowline/telemetry';
import { describe, expect, it } from '@jest/globals';

import { OutboxRelay } from './outbox-relay.ts';

interface Waiting {
  alerts: number;
  /** Attempts that fail first. */
  failures?: number;
  /** Alerts that are refused, one at a time. */
  refused?: number;
}

const nothing: RelayReport = { sent: 0, unexplained: 0, refused: [], failure: null };

/** An outbox of queues by topic that hands out `limit` alerts at a time. */
function outbox(queues: Record<string, Waiting>, limit = 2) {
  const calls: string[] = [];
  const state = { looks: 0, databaseFailures: 0 };
  return {
    queues,
    calls,
    state,
    options: {
      queues: (): Promise<readonly OutboxQueue[]> => {
        state.looks++;
        if (state.databaseFailures-- > 0) return Promise.reject(new Error('the database is away'));
        const waiting = Object.entries(queues).filter(([, { alerts }]) => alerts > 0);
        return Promise.resolve(waiting.map(([topic]) => ({ detector: 'd', topic })));
      },
      relay: ({ topic }: OutboxQueue): Promise<RelayReport> => {
        calls.push(topic);
        const queue = queues[topic] ?? { alerts: 0 };
        if ((queue.failures ?? 0) > 0) {
          queue.failures = (queue.failures ?? 0) - 1;
          return Promise.resolve({ ...nothing, failure: { error: new Error('the broker is away') } });
        }
        const taken = Math.min(limit, queue.alerts);
        const refused = Math.min(taken, queue.refused ?? 0, 1);
        queue.alerts -= taken;
        queue.refused = (queue.refused ?? 0) - refused;
        const error = new Error('too large');
        return Promise.resolve({
          sent: taken - refused,
          refused: Array.from({ length: refused }, () => ({ messageId: 'a', error })),
          unexplained: 0,
          failure: null,
        });
      },
      logger: silentLogger,
      idleMs: 2,
      maxDelayMs: 2,
    },
  };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

describe('OutboxRelay', () => {
  it('sends all that waits, and what comes later; counts what is refused apart', async () => {
    const { queues, options } = outbox({ a: { alerts: 5, refused: 2 }, b: { alerts: 1 } });
    let sent = 0;
    let refused = 0;
    const running = new OutboxRelay({
      ...options,
      onSent: (alerts) => (sent += alerts),
      onRefused: (alerts) => (refused += alerts),
    });
    running.start();
    await until(() => sent + refused === 6);
    queues.a = { alerts: 3 };
    await until(() => sent + refused === 9);
    await running.stop();
    expect([sent, refused]).toEqual([7, 2]);
  });

  it('goes on after failures of the database and of the sink', async () => {
    const { queues, state, options } = outbox({ a: { alerts: 3, failures: 3 } });
    state.databaseFailures = 2;
    const running = new OutboxRelay(options);
    running.start();
    await until(() => queues.a?.alerts === 0);
    await running.stop();
    expect(queues.a?.failures).toBe(0);
  });

  it('lets a queue that never succeeds hold up no other, and tries it ever less often', async () => {
    const { queues, calls, options } = outbox({ good: { alerts: 3 }, lost: { alerts: 1, failures: Infinity } });
    const running = new OutboxRelay({ ...options, maxDelayMs: 60_000 });
    running.start();
    await until(() => queues.good?.alerts === 0 && calls.includes('lost'));
    for (let round = 0; round < 20; round++) {
      queues.good = { alerts: 1 };
      await until(() => queues.good?.alerts === 0);
    }
    await running.stop();
    expect(calls.filter((topic) => topic === 'lost').length).toBeLessThan(8);
  });

  it('lets a queue whose sending hangs hold up no other, once it has failed', async () => {
    const { queues, options } = outbox({ good: { alerts: 0 }, slow: { alerts: 1, failures: 1 } });
    let release: () => void = () => undefined;
    let slowCalls = 0;
    const hang = new Promise<void>((resolve) => (release = resolve));
    const running = new OutboxRelay({
      ...options,
      relay: async (queue) => {
        if (queue.topic === 'slow' && ++slowCalls > 1) await hang;
        return options.relay(queue);
      },
    });
    running.start();
    await until(() => slowCalls > 1);
    queues.good = { alerts: 9 };
    await until(() => queues.good?.alerts === 0);
    release();
    await until(() => queues.slow?.alerts === 0);
    await running.stop();
    expect(slowCalls).toBeGreaterThan(1);
  });

  it('stops while it waits', async () => {
    const { state, options } = outbox({});
    const running = new OutboxRelay({ ...options, idleMs: 60_000 });
    running.start();
    await until(() => state.looks === 2);
    await running.stop();
    expect(state.looks).toBe(2);
  });

  it('drains to the last alert, through failures that pass', async () => {
    const { queues, state, options } = outbox({ a: { alerts: 7, failures: 2, refused: 1 }, b: { alerts: 3 } });
    state.databaseFailures = 1;
    await new OutboxRelay(options).drain();
    expect([queues.a?.alerts, queues.b?.alerts]).toEqual([0, 0]);
  });

  it('says when draining does not succeed, after everything else has left', async () => {
    const { queues, options } = outbox({ a: { alerts: 7, failures: 100 }, b: { alerts: 30 } });
    await expect(new OutboxRelay(options).drain()).rejects.toThrow('the broker is away');
    expect([queues.a?.alerts, queues.b?.alerts]).toEqual([7, 0]);
  });
});
