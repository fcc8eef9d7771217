import { turn } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { withinBudget } from './time-budget.ts';

describe('withinBudget', () => {
  it('ends work that heeds the signal, with an error for the sender', async () => {
    const endless = async (signal: AbortSignal): Promise<never> => {
      for (;;) await turn(signal);
    };
    await expect(withinBudget(endless, 20)).rejects.toMatchObject({
      ...{ code: 'FLOWLINE_REQUEST_TOO_LARGE', where: 'body', remedy: expect.any(String) },
    });
  });

  it('resolves to the result of work in time, and leaves no timer', async () => {
    let seen: AbortSignal | undefined;
    const work = (signal: AbortSignal) => Promise.resolve((seen = signal));
    expect(await withinBudget(work, 20)).toBe(seen);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(seen?.aborted).toBe(false);
  });
});
