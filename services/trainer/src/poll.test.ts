import { describe, expect, it, jest } from '@jest/globals';
import { silentLogger } from '@flowline/telemetry';

import { poll } from './poll.ts';

describe('polling', () => {
  it('goes on after a round that failed, says so, and ends with the signal', async () => {
    const stop = new AbortController();
    const warn = jest.spyOn(silentLogger, 'warn');
    let rounds = 0;
    await poll({ everyMs: 1, logger: silentLogger, signal: stop.signal, failure: 'cannot look' }, async () => {
      await Promise.resolve();
      rounds++;
      if (rounds === 3) stop.abort();
      if (rounds < 3) throw new Error(`round ${rounds}`);
    });
    expect(rounds).toBe(3);
    expect(warn.mock.calls.map(([fields, message]) => [String((fields as { err: unknown }).err), message])).toEqual([
      ['Error: round 1', 'cannot look; trying again'],
      ['Error: round 2', 'cannot look; trying again'],
    ]);
    warn.mockRestore();
  });

  it('does not begin after the signal', async () => {
    const round = jest.fn(() => Promise.resolve());
    await poll({ everyMs: 1, logger: silentLogger, signal: AbortSignal.abort(), failure: 'cannot look' }, round);
    expect(round).not.toHaveBeenCalled();
  });
});
