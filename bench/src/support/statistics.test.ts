import { Random } from '@flowline/flows';
import { describe, expect, it } from '@jest/globals';

import { mean, median, pairedDifference, quantile, standardError, theilSen } from './statistics.ts';

describe('statistics of a benchmark', () => {
  it('takes the mean and its standard error of 1…n: (n + 1)/2 and √((n + 1)/12)', () => {
    for (const n of [2, 3, 10, 1000]) {
      const values = Float32Array.from({ length: n }, (_, i) => i + 1);
      expect(mean(values)).toBeCloseTo((n + 1) / 2, 9);
      expect(standardError(values)).toBeCloseTo(Math.sqrt((n + 1) / 12), 9);
    }
  });

  it('takes medians and quantiles of unsorted values, between two of them by interpolation', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([10, 9, 1])).toBe(9);
    expect(quantile([5, 1, 3, 2, 4], 0.99)).toBeCloseTo(4.96, 12);
    expect(quantile([7], 0.3)).toBe(7);
  });

  it('pairs rows: what both have in common leaves the standard error', () => {
    const common = Array.from({ length: 50 }, (_, i) => 100 * Math.sin(i));
    const a = common.map((value, i) => value + (i % 2));
    const { mean: difference, standardError: error } = pairedDifference(a, common);
    expect(difference).toBeCloseTo(0.5, 9);
    expect(error).toBeCloseTo(Math.sqrt(0.25 / 49), 9); // 25 zeros and 25 ones
    expect(() => pairedDifference([1], [1, 2])).toThrow('pairs of 1 and 2 values');
  });

  it('fits a slope that bursts do not move, with an interval that holds it 95 times in 100', () => {
    const x = Array.from({ length: 40 }, (_, i) => 3 * i);
    const line = x.map((at) => 7 - 0.5 * at);
    expect(theilSen(x, line)).toEqual({ slope: -0.5, low: -0.5, high: -0.5 });
    const burst = line.map((value, i) => (i > 30 && i < 37 ? value + 1e6 : value));
    expect(theilSen(x, burst).slope).toBeCloseTo(-0.5, 9);
    const random = new Random(1);
    const noisy = Array.from({ length: 1_000 }, () =>
      theilSen(
        x,
        line.map((value) => value + random.normal()),
      ),
    );
    const held = noisy.filter(({ low, high }) => low <= -0.5 && high >= -0.5).length;
    // Binomial: 950 ± 7.
    expect(held).toBeGreaterThan(929);
    expect(held).toBeLessThan(971);
    expect(() => theilSen([1, 2, 3, 4], [1, 2, 3, 4])).toThrow(RangeError);
  });

  it('has no value where there is none', () => {
    expect(mean([])).toBeNaN();
    expect(median([])).toBeNaN();
    expect(standardError([1])).toBeNaN();
  });
});
