import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { fitStandardisation, NO_SCALE, standardise, unstandardise } from './standardise.ts';

const fit = (...values: number[]) => fitStandardisation(Float64Array.from(values));

describe('fitStandardisation', () => {
  it('finds mean and standard deviation', () => {
    expect(fit(1, 2, 3, 4)).toEqual({ mean: 2.5, std: expect.closeTo(Math.sqrt(1.25), 12) });
  });

  it('finds the spread of numbers of any size', () => {
    expect(fit(1e-200, 2e-200).std).toBeCloseTo(0.5e-200, 210);
    expect(fit(1e200, 2e200).std / 0.5e200).toBeCloseTo(1, 12);
    expect(fit(0, 1e-320).std).toBe(NO_SCALE);
    expect(fitStandardisation(Float64Array.of(3, 3), 1)).toEqual({ mean: 3, std: 1 / Math.sqrt(12) });
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
