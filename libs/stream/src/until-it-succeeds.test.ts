import { describe, expect, it } from '@jest/globals';

import { untilItSucceeds, untilItSucceedsOr } from './until-it-succeeds.ts';

const passing = (): Error => Object.assign(new Error('away'), { retryable: true });
const quick = { initialDelayMs: 1 };

describe('untilItSucceeds', () => {
  it('calls again after failures that may pass, and after no others', async () => {
    let calls = 0;
    const third = (): Promise<number> => (++calls < 3 ? Promise.reject(passing()) : Promise.resolve(calls));
    expect(await untilItSucceeds(third, quick)).toBe(3);
    await expect(untilItSucceeds(() => Promise.reject(new Error('wrong')), quick)).rejects.toThrow('wrong');
  });

  it('ends with a signal, whether it came before, during a call or during a wait', async () => {
    expect(await untilItSucceedsOr(AbortSignal.abort(), () => Promise.resolve(1), quick)).toBeUndefined();
    const stop = new AbortController();
    const never = untilItSucceedsOr(stop.signal, () => new Promise<number>(() => undefined), quick);
    const failing = untilItSucceedsOr(stop.signal, () => Promise.reject(passing()), { initialDelayMs: 60_000 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    stop.abort();
    expect(await Promise.all([never, failing])).toEqual([undefined, undefined]);
    expect(await untilItSucceedsOr(new AbortController().signal, () => Promise.resolve(7), quick)).toBe(7);
  });
});
