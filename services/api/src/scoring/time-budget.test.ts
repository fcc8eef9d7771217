import { turn } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { withinBudget } from './time-budget.ts';

const never = new AbortController().signal;

describe('withinBudget', () => {
  it('ends work whose sender has gone', async () => {
    const gone = new AbortController();
    const endless = async (signal: AbortSignal): Promise<never> => {
      for (;;) await turn(signal);
    };
    const ended = withinBudget(endless, gone.signal, 60_000);
    gone.abort(new Error('gone'));
    await expect(ended).rejects.toThrow('gone');
  });

  it('ends work that heeds the signal, with an error for the sender', async () => {
    const endless = async (signal: AbortSignal): Promise<never> => {
      for (;;) await turn(signal);
    };
    await expect(withinBudget(endless, never, 20)).rejects.toMatchObject({
      ...{ code: 'FLOWLINE_REQUEST_TOO_LARGE', where: 'body', remedy: expect.any(String) },
    });
  });

  it('resolves to the result of work in time, and leaves no timer', async () => {
    let seen: AbortSignal | undefined;
    const work = (signal: AbortSignal) => Promise.resolve((seen = signal));
    expect(await withinBudget(work, never, 20)).toBe(seen);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(seen?.aborted).toBe(false);
  });
});
