import { describe, expect, it } from '@jest/globals';

import { ChampionLookup } from './champion-lookup.ts';

describe('ChampionLookup', () => {
  it('serves the detectors that look at about the same time by one reading, and reads again after that', async () => {
    let [readings, nowMs] = [0, 0];
    const lookup = new ChampionLookup(
      () => Promise.resolve(new Map([['a', 1 + readings++]])),
      () => nowMs,
    );
    expect(await Promise.all([lookup.version('a'), lookup.version('b'), lookup.version('a')])).toEqual([1, null, 1]);
    nowMs = 50;
    expect(await lookup.version('a')).toBe(1);
    nowMs = 200;
    expect(await lookup.version('a')).toBe(2);
    expect(readings).toBe(2);
  });

  it('keeps no failure', async () => {
    let isAway = true;
    const lookup = new ChampionLookup(() => (isAway ? Promise.reject(new Error('away')) : Promise.resolve(new Map())));
    await expect(lookup.version('a')).rejects.toThrow('away');
    isAway = false;
    expect(await lookup.version('a')).toBeNull();
  });
});
