import { describe, expect, it } from '@jest/globals';

import { noiseScale } from './noise.ts';

/** n ascending values that cycle through `distinct` evenly spaced places. */
const spread = (n: number, distinct: number, gap: number) =>
  Float64Array.from({ length: n }, (_, i) => Math.floor((i * distinct) / n) * gap);

describe('noiseScale', () => {
  it('is 0.1 on continuous, constant and empty columns', () => {
    expect(noiseScale(spread(1000, 1000, 0.4))).toBe(0.1);
    expect(noiseScale(spread(1000, 1, 1))).toBe(0.1);
    expect(noiseScale(new Float64Array(0))).toBe(0.1);
    expect(noiseScale(Float64Array.of(3))).toBe(0.1);
  });

  it('is half the median gap of a discrete column, within [0.1, 0.5]', () => {
    expect(noiseScale(spread(1000, 5, 0.6))).toBeCloseTo(0.3, 12);
    expect(noiseScale(spread(1000, 5, 3))).toBe(0.5);
    expect(noiseScale(spread(1000, 50, 0.05))).toBe(0.1);
    // Median of the gaps 0.4, 0.8 and 10.
    expect(noiseScale(Float64Array.of(0, 0, 0, 0, 0.4, 0.4, 0.4, 1.2, 1.2, 11.2))).toBeCloseTo(0.4, 12);
    expect(noiseScale(Float64Array.of(0, 0, 0, 0.4, 0.4, 1.2, 1.2))).toBeCloseTo(0.3, 12);
  });

  it('calls a column discrete up to 100 values or 2 % of the rows, and below half of them', () => {
    expect(noiseScale(spread(1000, 100, 0.6))).toBeCloseTo(0.3, 12);
    expect(noiseScale(spread(1000, 101, 0.6))).toBe(0.1);
    expect(noiseScale(spread(10_000, 200, 0.6))).toBeCloseTo(0.3, 12);
    expect(noiseScale(spread(10_000, 201, 0.6))).toBe(0.1);
    expect(noiseScale(spread(100, 49, 0.6))).toBeCloseTo(0.3, 12);
    expect(noiseScale(spread(100, 50, 0.6))).toBe(0.1);
  });
});
