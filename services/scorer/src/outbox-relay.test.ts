import { silentLogger } from '@flowline/telemetry';
import { describe, expect, it } from '@jest/globals';

import { OutboxRelay } from './outbox-relay.ts';

/** An outbox that gives `limit` at a time; `failures` fail first. */
function outbox(waiting: number, failures = 0, limit = 2) {
  const state = { waiting, failures, calls: 0 };
  const relay = (): Promise<number> => {
    state.calls++;
    if (state.failures > 0) {
      state.failures--;
      return Promise.reject(new Error('the broker is away'));
    }
    const sent = Math.min(limit, state.waiting);
    state.waiting -= sent;
    return Promise.resolve(sent);
  };
  return { state, relay };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

describe('OutboxRelay', () => {
  it('sends all that waits, and what comes later', async () => {
    const { state, relay } = outbox(5);
    let sent = 0;
    const running = new OutboxRelay({ relay, logger: silentLogger, idleMs: 2, onSent: (alerts) => (sent += alerts) });
    running.start();
    await until(() => state.waiting === 0);
    state.waiting = 3;
    await until(() => state.waiting === 0);
    await running.stop();
    expect(sent).toBe(8);
  });

  it('goes on after failures', async () => {
    const { state, relay } = outbox(3, 3);
    const running = new OutboxRelay({ relay, logger: silentLogger, maxDelayMs: 2 });
    running.start();
    await until(() => state.waiting === 0);
    await running.stop();
    expect(state.failures).toBe(0);
  });

  it('stops while it waits', async () => {
    const { state, relay } = outbox(0);
    const running = new OutboxRelay({ relay, logger: silentLogger, idleMs: 60_000 });
    running.start();
    await until(() => state.calls === 1);
    await running.stop();
    expect(state.calls).toBe(1);
  });

  it('drains to the last alert, through failures that pass', async () => {
    const { state, relay } = outbox(7, 2);
    await new OutboxRelay({ relay, logger: silentLogger, maxDelayMs: 1 }).drain();
    expect(state.waiting).toBe(0);
  });

  it('says when draining does not succeed', async () => {
    const { relay } = outbox(7, 100);
    await expect(new OutboxRelay({ relay, logger: silentLogger, maxDelayMs: 1 }).drain()).rejects.toThrow('away');
  });
});
