import { atOnce } from '@flowline/events';
import { Random } from '@flowline/flows';
import { describe, expect, it } from '@jest/globals';

import { outlyingScores } from './outlying-scores.ts';

const normal = (size: number): Float64Array => {
  const random = new Random(1);
  return Float64Array.from({ length: size }, () => -Math.log(1 - random.uniform())).sort();
};

describe('outlying scores', () => {
  it('of a clean sample are none, although the robust rule suspects 1.4 % of it', () => {
    expect(atOnce(outlyingScores(normal(4_000)))).toEqual({ cut: Infinity, replacements: new Float64Array(0) });
  });

  it('are replaced by as many normal ones as the tail has beyond the cut, and no further out', () => {
    const scores = Float64Array.from([...normal(4_000), ...Array.from({ length: 100 }, (_, i) => 30 + i / 100)]);
    const { cut, replacements } = atOnce(outlyingScores(scores));
    // median + 3 · 1.4826 · (Q3 − median) + 0.5 of an exponential variable.
    expect(Math.abs(cut - 4.3)).toBeLessThan(0.4);
    const normalBeyond = 4_000 * Math.exp(-cut);
    expect(replacements.length).toBeGreaterThan(normalBeyond / 2);
    expect(replacements.length).toBeLessThan(normalBeyond * 2);
    expect(Math.max(...replacements)).toBeLessThan(20);
    expect(Math.min(...replacements)).toBeGreaterThan(cut);
  });
});
