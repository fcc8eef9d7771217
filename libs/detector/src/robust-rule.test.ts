import { describe, expect, it } from '@jest/globals';
import { Random } from '@flowline/flows';
import { robustThreshold } from './robust-rule.ts';

describe('robustThreshold', () => {
  it('lies 3 quartile-based deviations and half a nat below the median', () => {
    expect(robustThreshold(Float64Array.of(4, 0, 3, 1, 2))).toBeCloseTo(2 - 3 * 1.4826 - 0.5, 12);
  });

  it('is not moved by a tenth of absurd rows', () => {
    const random = new Random(1);
    const clean = Float64Array.from({ length: 10_000 }, () => random.normal());
    const dirty = clean.map((value, i) => (i % 10 === 0 ? -5e12 : value));
    expect(Math.abs(robustThreshold(dirty) - robustThreshold(clean))).toBeLessThan(1);
  });
});
