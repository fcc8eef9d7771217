import { at } from '@flowline/events';
import { Random } from '@flowline/flows';
import { describe, expect, it } from '@jest/globals';

import { driftEvidence, histogramOf } from './drift-evidence.ts';
import { independentValues, MAXIMUM_VALUES, varianceInflation } from './independent-values.ts';
import { UniformityMartingale } from './uniformity-martingale.ts';
import { autoregressive, pValuesOf } from './testing/streams.ts';

describe('the uniformity martingale', () => {
  it('is a mean of densities: its next factor integrates to 1', () => {
    const capitalAfter = (value: number): number => {
      const martingale = new UniformityMartingale();
      for (const before of [0.01, 0.5, 0.52, 0.99, 0.3]) martingale.add(before);
      const capital = 10 ** martingale.log10;
      martingale.add(value);
      return 10 ** martingale.log10 / capital;
    };
    // u = 1/(1 + exp(−x)), since the factor is unbounded at both ends.
    const [from, to, steps] = [-36, 36, 20_000];
    let integral = 0;
    for (let i = 0; i < steps; i++) {
      const u = 1 / (1 + Math.exp(-(from + ((to - from) * (i + 0.5)) / steps)));
      integral += (capitalAfter(u) * u * (1 - u) * (to - from)) / steps;
    }
    expect(integral).toBeCloseTo(1, 3);
  });

  it('grows where values are too small, too large or too central, and remembers its maximum', () => {
    const random = new Random(1);
    for (const value of [(u: number) => u ** 1.5, (u: number) => 1 - u ** 1.5, (u: number) => 0.25 + u / 2]) {
      const martingale = new UniformityMartingale();
      for (let i = 0; i < 1_000; i++) martingale.add(value(1 - random.uniform()));
      expect(martingale.log10).toBeGreaterThan(4);
      const { evidence } = martingale;
      for (let i = 0; i < 1_000; i++) martingale.add(1 - random.uniform());
      expect(martingale.log10).toBeLessThan(evidence);
      expect(martingale.evidence).toBeGreaterThanOrEqual(evidence);
    }
  });
});

describe('independent values', () => {
  it('have the variance inflation of their dependence: (1 + ρ)/(1 − ρ)', () => {
    const inflation = (rho: number): number => varianceInflation(autoregressive(new Random(3), 50_000, rho));
    expect(inflation(0)).toBeLessThan(1.6);
    expect(inflation(0.5) / 3).toBeCloseTo(1, 0);
    expect(inflation(0.9) / 19).toBeGreaterThan(0.6);
    expect(inflation(0.9) / 19).toBeLessThan(1.6);
    expect(varianceInflation(new Float64Array(1_000).fill(0.5))).toBe(1);
    expect(varianceInflation(Float64Array.of(0.1, 0.2))).toBe(1);
  });

  it('lie so far apart that little of it is left, and are no more than are of use', () => {
    const { values, stride } = independentValues(autoregressive(new Random(4), 20_000, 0.9));
    expect(stride).toBeGreaterThan(20);
    const mean = values.reduce((sum, value) => sum + value / values.length, 0);
    const product = (lag: number): number =>
      values.subarray(lag).reduce((sum, value, i) => sum + (value - mean) * (at(values, i) - mean), 0);
    expect(Math.abs(product(1) / product(0))).toBeLessThan(0.15);
    const many = independentValues(autoregressive(new Random(5), 50_000, 0));
    expect(many.values.length).toBeLessThanOrEqual(MAXIMUM_VALUES);
    expect(independentValues(new Float64Array())).toEqual({ values: new Float64Array(), stride: 1 });
  });
});

describe('evidence of drift', () => {
  const uniform = (seed: number, size: number): Float64Array =>
    pValuesOf(autoregressive(new Random(seed), size, 0), 'both');

  it('is that of other values, in whichever direction they changed', () => {
    const reference = histogramOf(uniform(1, 5_000));
    expect(driftEvidence(reference, uniform(2, 1_000), new Random(9))).toBeLessThan(2);
    expect(
      driftEvidence(
        reference,
        uniform(2, 1_000).map((p) => p ** 1.6),
        new Random(9),
      ),
    ).toBeGreaterThan(4);
    expect(
      driftEvidence(
        reference,
        uniform(2, 1_000).map((p) => p ** 0.6),
        new Random(9),
      ),
    ).toBeGreaterThan(4);
  });

  it('does not count a reference that is not uniform, if the day is like it', () => {
    const skewed = (seed: number, size: number): Float64Array => uniform(seed, size).map((p) => p ** 3);
    const reference = histogramOf(skewed(1, 5_000));
    expect(driftEvidence(reference, skewed(2, 1_000), new Random(9))).toBeLessThan(2);
    expect(driftEvidence(reference, uniform(2, 1_000), new Random(9))).toBeGreaterThan(4);
  });

  it('is none without a reference, and finite for values at the ends', () => {
    expect(driftEvidence(histogramOf(new Float64Array()), uniform(1, 100), new Random(1))).toBe(0);
    const ends = Float64Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? 1e-12 : 1));
    expect(Number.isFinite(driftEvidence(histogramOf(uniform(1, 500)), ends, new Random(1)))).toBe(true);
  });
});
