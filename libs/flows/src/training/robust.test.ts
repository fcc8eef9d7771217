import { describe, expect, it } from '@jest/globals';

import { Random } from '../random.ts';
import { outlierThreshold } from './robust.ts';

describe('outlierThreshold', () => {
  it('lies 3 quartile-based deviations and half a nat below the median', () => {
    expect(outlierThreshold(Float64Array.of(4, 0, 3, 1, 2))).toBeCloseTo(2 - 3 * 1.4826 - 0.5, 12);
  });

  it('is not moved by a tenth of absurd rows, whatever their size', () => {
    const random = new Random(1);
    const clean = Float64Array.from({ length: 10_000 }, () => random.normal());
    for (const absurd of [-5e12, -Infinity, NaN]) {
      const dirty = clean.map((value, i) => (i % 10 === 0 ? absurd : value));
      expect(Math.abs(outlierThreshold(dirty) - outlierThreshold(clean))).toBeLessThan(1);
    }
  });

  it('takes a sixth of the rows for a kind of its own, and looks for outliers among them', () => {
    const random = new Random(2);
    // Zeros, all with one density, then a second kind of row; one row in 500 belongs to neither.
    const logP = Float64Array.from({ length: 6_000 }, (_, i) =>
      i % 500 === 7 ? -90 : i % 6 === 0 ? -8 + random.normal() : 2,
    );
    const threshold = outlierThreshold(logP);
    expect(threshold).toBeLessThan(-10);
    expect(threshold).toBeGreaterThan(-90);
    const trimmed = logP.filter((value) => value < threshold).length;
    expect(trimmed).toBeGreaterThanOrEqual(12);
    expect(trimmed).toBeLessThan(30);
  });
});
