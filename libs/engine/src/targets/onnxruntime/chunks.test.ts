import { describe, expect, it } from '@jest/globals';

import { randomPlan, typicalShape } from '../../testing/random-plan.ts';
import { BLOCK_ROWS, chunkBounds, chunkRows, inBlocks } from './chunks.ts';

describe('chunks of rows', () => {
  it('are whole blocks', () => {
    expect([0, 1, 16, 17].map(inBlocks)).toEqual([16, 16, 16, 32]);
  });

  it('are larger for a smaller model, and bounded for the smallest', () => {
    const typical = chunkBounds(randomPlan({ ...typicalShape, couplings: 8 }));
    const wide = chunkBounds(randomPlan({ ...typicalShape, features: 64, hidden: [256, 256] }));
    const tiny = chunkBounds(randomPlan({ ...typicalShape, features: 2, hidden: [3], couplings: 1 }));
    expect(typical.most).toBeGreaterThan(4 * wide.most);
    expect(tiny).toEqual({ least: 4096, most: 4096 });
    expect(wide.least).toBe(BLOCK_ROWS);
  });

  it('are as many as the threads share evenly, unless that makes them too small', () => {
    const bounds = { least: 32, most: 256 };
    expect(chunkRows(20, 2, bounds)).toBe(32);
    expect(chunkRows(64, 2, bounds)).toBe(32);
    expect(chunkRows(256, 1, bounds)).toBe(256);
    expect(chunkRows(256, 2, bounds)).toBe(128);
    // 1,000 rows on three threads: two rounds of 167 rows, in whole blocks.
    expect(chunkRows(1000, 3, bounds)).toBe(176);
  });
});
