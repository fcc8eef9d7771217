import { describe, expect, it } from '@jest/globals';

import { Turns } from './turns.ts';

/** Calls of a scorer that takes `msPerRow`, as large as turns allow, until it has done `rows`. */
async function calls(rows: number, msPerRow: number) {
  let nowMs = 0;
  let turns = 0;
  let startMs = 0;
  const held: number[] = [];
  const sizes: number[] = [];
  const yieldTurn = (): Promise<void> => {
    held.push(nowMs - startMs);
    startMs = nowMs;
    turns++;
    return Promise.resolve();
  };
  const own = new Turns(() => nowMs, yieldTurn);
  for (let done = 0; done < rows;) {
    const size = Math.min(rows - done, own.rows);
    await own.call(size, () => Promise.resolve((nowMs += size * msPerRow)));
    sizes.push(size);
    done += size;
  }
  return { turns, sizes, longestMs: Math.max(...held) };
}

describe('turns of a long computation', () => {
  it('are short whatever a row costs: the calls become as large as a turn takes', async () => {
    const wide = await calls(20_000, 0.05);
    expect(wide.longestMs).toBeLessThanOrEqual(16);
    expect(wide.sizes.at(1)).toBe(160);
    const narrow = await calls(20_000, 0.001);
    expect(narrow.longestMs).toBeLessThanOrEqual(16);
    expect(narrow.sizes.slice(0, 4)).toEqual([128, 256, 512, 1024]);
    expect(Math.max(...narrow.sizes)).toBe(8_000);
    expect(narrow.turns).toBeGreaterThan(0);
  });

  it('give the event loop no turn before one is over', async () => {
    expect((await calls(100, 0.01)).turns).toBe(0);
  });
});
