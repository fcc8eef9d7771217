import { describe, expect, it } from '@jest/globals';

import { WorkSignal } from './work-signal.ts';

const LONG_MS = 60_000;

describe('the signal of work', () => {
  it('ends the wait in progress, or the next one, and no other', async () => {
    const work = new WorkSignal();
    const stop = new AbortController();
    const waiting = work.wait(LONG_MS, stop.signal);
    work.give();
    await waiting;
    work.give();
    await work.wait(LONG_MS, stop.signal);
    const startMs = performance.now();
    await work.wait(30, stop.signal);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(25);
  });

  it('does not outlast the end of the worker', async () => {
    const work = new WorkSignal();
    const stop = new AbortController();
    const startMs = performance.now();
    const waiting = work.wait(LONG_MS, stop.signal);
    stop.abort();
    await waiting;
    await work.wait(LONG_MS, stop.signal);
    expect(performance.now() - startMs).toBeLessThan(LONG_MS / 10);
  });
});
