import { describe, expect, it } from '@jest/globals';

import { ChampionLooks } from './champion-lookup.ts';

describe('ChampionLooks', () => {
  it('serves the detectors that look at about the same time by one reading, and reads again after that', async () => {
    let [readings, nowMs] = [0, 0];
    const looks = new ChampionLooks(
      () => Promise.resolve(new Map([['a', 1 + readings++]])),
      () => nowMs,
    );
    expect(await Promise.all([looks.version('a'), looks.version('b'), looks.version('a')])).toEqual([1, null, 1]);
    nowMs = 50;
    expect(await looks.version('a')).toBe(1);
    nowMs = 200;
    expect(await looks.version('a')).toBe(2);
    expect(readings).toBe(2);
  });

  it('keeps no failure', async () => {
    let isAway = true;
    const looks = new ChampionLooks(() => (isAway ? Promise.reject(new Error('away')) : Promise.resolve(new Map())));
    await expect(looks.version('a')).rejects.toThrow('away');
    isAway = false;
    expect(await looks.version('a')).toBeNull();
  });
});
