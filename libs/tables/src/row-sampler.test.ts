import { describe, expect, it } from '@jest/globals';

import { RowSampler } from './row-sampler.ts';

/** Rows of a source of `rows` that are kept, of which there are at most `most`. */
function kept(rows: number, most: number): number[] {
  const sampler = new RowSampler();
  let found: number[] = [];
  for (let row = 0; row < rows; row++) {
    if (sampler.takes()) found.push(row);
    if (found.length > most) found = Array.from(sampler.halved(found.length), (i) => found[i]!);
  }
  return found;
}

describe('RowSampler', () => {
  it('keeps every row of a short source, and rows spread over a long one in its order', () => {
    expect(kept(100, 100)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    const rows = kept(100_000, 1_000);
    expect(rows.length).toBeGreaterThan(500);
    expect(rows.length).toBeLessThanOrEqual(1_000);
    expect(rows).toEqual([...new Set(rows)].sort((a, b) => a - b));
    for (let tenth = 0; tenth < 10; tenth++) {
      const own = rows.filter((row) => Math.floor(row / 10_000) === tenth).length;
      expect(own / rows.length).toBeCloseTo(0.1, 1);
    }
  });

  it('keeps rows of every sensor of those that report by turns', () => {
    for (const sensors of [2, 4, 16]) {
      const counts = new Array<number>(sensors).fill(0);
      for (const row of kept(100_000, 4_000)) counts[row % sensors]! += 1;
      const expected = counts.reduce((sum, count) => sum + count, 0) / sensors;
      for (const count of counts) expect(Math.abs(count - expected)).toBeLessThan(5 * Math.sqrt(expected));
    }
  });

  it('keeps the same rows of the same source', () => {
    expect(kept(5_000, 100)).toEqual(kept(5_000, 100));
  });
});
