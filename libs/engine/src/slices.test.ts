import { atOnce, type Steps } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { inSlices, SLICE_MS } from './slices.ts';

/** Counts turns of the event loop. The returned function stops it and gives the count. */
const countTurns = (): (() => number) => {
  let turns = 0;
  let counting = true;
  const next = (): void => {
    if (!counting) return;
    turns++;
    setImmediate(next);
  };
  setImmediate(next);
  return () => {
    counting = false;
    return turns;
  };
};

describe('work in slices', () => {
  let clockMs = 0;
  function* parts(count: number, eachMs: number): Steps<number> {
    for (let i = 0; i < count; i++) {
      clockMs += eachMs;
      yield;
    }
    return count;
  }
  const now = (): number => clockMs;

  it('gives the event loop a turn after every part that takes longer than a slice', async () => {
    const turns = countTurns();
    expect(await inSlices(parts(10, SLICE_MS + 1), now)).toBe(10);
    expect(turns()).toBeGreaterThanOrEqual(10);
  });

  it('does short parts together', async () => {
    const turns = countTurns();
    expect(await inSlices(parts(100, SLICE_MS / 100), now)).toBe(100);
    expect(turns()).toBeLessThan(10);
  });

  it('does all at once where nobody waits, with the same result', () => {
    expect(atOnce(parts(7, 100))).toBe(7);
  });

  it('passes on what goes wrong', async () => {
    function* wrong(): Steps<never> {
      yield;
      throw new RangeError('no');
    }
    await expect(inSlices(wrong())).rejects.toThrow('no');
    expect(() => atOnce(wrong())).toThrow('no');
  });
});
