import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { fitStandardisation, standardise, unstandardise } from './standardise.ts';

const fit = (...values: number[]) => fitStandardisation(Float64Array.from(values));

describe('fitStandardisation', () => {
  it('finds mean and standard deviation', () => {
    expect(fit(1, 2, 3, 4)).toEqual({ mean: 2.5, std: Math.sqrt(1.25) });
  });

  it('keeps std 1 for constant columns, single rows and no rows', () => {
    expect(fit(0.1, 0.1, 0.1)).toEqual({ mean: 0.1, std: 1 });
    expect(fit(7)).toEqual({ mean: 7, std: 1 });
    expect(fit()).toEqual({ mean: 0, std: 1 });
    expect(fitStandardisation(Float64Array.of(3, 3), 1)).toEqual({ mean: 3, std: 1 });
    expect(fit(1e-200, 2e-200).std).toBe(1);
  });

  it('loses no digits on large, close numbers, and does not overflow', () => {
    const { mean, std } = fit(1e12, 1e12 + 1, 1e12 + 2);
    expect(mean).toBe(1e12 + 1);
    expect(std).toBeCloseTo(Math.sqrt(2 / 3), 12);
    expect(fit(-3e38, 3e38).std).toBeCloseTo(3e38, -30);
  });

  it('counts the variance of uniform dequantisation', () => {
    expect(fitStandardisation(Float64Array.of(0, 1, 0, 1), 1).std).toBeCloseTo(Math.sqrt(1 / 4 + 1 / 12), 12);
  });
});

describe('standardise', () => {
  it('is undone by its inverse', () => {
    const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(number, number, fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (y, mean, std) => {
        expect(unstandardise({ mean, std }, standardise({ mean, std }, y))).toBeCloseTo(y, 6);
      }),
    );
    expect(standardise({ mean: 2, std: 4 }, 10)).toBe(2);
  });
});
