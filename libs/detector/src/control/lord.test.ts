import { readFileSync } from 'node:fs';

import { advanceDiscoveries, at, newDiscoveries } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { lordThresholds, partitionWealth } from './lord.ts';
import { spendingShare } from './spending-shares.ts';

/** Decisions of the Python package online-fdr 1.0.0: bench/peers/online_fdr_golden.py. */
interface Golden {
  readonly level: number;
  readonly wealth: number;
  readonly pValues: readonly number[];
  readonly thresholds: readonly number[];
  readonly rejected: readonly number[];
}

const golden = JSON.parse(readFileSync(new URL('lord-golden.json', import.meta.url), 'utf8')) as readonly Golden[];
const NONE = { tests: 0, discovered: 0, latest: [] };

/** p-values with small ones among them. */
const pValues = fc
  .array(fc.oneof(fc.double({ min: 1e-12, max: 1, noNaN: true }), fc.constantFrom(1e-12, 1e-9, 1e-6, 1e-4)), {
    ...{ minLength: 1, maxLength: 400 },
  })
  .map((values) => Float64Array.from(values));

describe('LORD++', () => {
  it.each(golden.map((stream) => [stream.rejected.length, stream] as const))(
    'has the thresholds and the %i rejections of online-fdr',
    (_, { level, wealth, pValues: values, thresholds, rejected }) => {
      const found = lordThresholds(
        { initial: wealth, first: level - wealth, later: level },
        NONE,
        Float64Array.from(values),
      );
      const ratios = thresholds.map((threshold, i) => at(found, i) / threshold);
      expect(Math.max(...ratios) - 1).toBeLessThan(1e-10);
      expect(1 - Math.min(...ratios)).toBeLessThan(1e-10);
      expect(values.flatMap((p, i) => (p <= at(found, i) ? [i] : []))).toEqual(rejected);
    },
  );

  it('is the same however a stream is cut into batches', () => {
    fc.assert(
      fc.property(pValues, fc.nat(400), (values, cut) => {
        const wealth = partitionWealth(0.1, 1);
        const whole = lordThresholds(wealth, NONE, values);
        const [a, b] = [values.subarray(0, cut), values.subarray(cut)];
        const first = lordThresholds(wealth, NONE, a);
        const second = lordThresholds(wealth, advanceDiscoveries(newDiscoveries(0.1), first, a), b);
        expect([...first, ...second]).toEqual([...whole]);
      }),
      { numRuns: 200 },
    );
  });

  it('has thresholds that never fall when an earlier event is found, too', () => {
    fc.assert(
      fc.property(pValues, fc.nat(399), (values, index) => {
        const wealth = partitionWealth(0.2, 0);
        const more = values.slice();
        more[Math.min(index, more.length - 1)] = 1e-12;
        const [before, after] = [lordThresholds(wealth, NONE, values), lordThresholds(wealth, NONE, more)];
        expect(before.findIndex((threshold, i) => at(after, i) < threshold)).toBe(-1);
      }),
      { numRuns: 200 },
    );
  });

  it('spends at most the level per discovery in all partitions together, at any time', () => {
    fc.assert(
      fc.property(fc.array(pValues, { minLength: 1, maxLength: 5 }), (partitions) => {
        const states = partitions.map((values, partition) =>
          advanceDiscoveries(
            newDiscoveries(0.1),
            lordThresholds(partitionWealth(0.1, partition), NONE, values),
            values,
          ),
        );
        const [spent, found] = states.reduce(
          ([a, b], { expected, discovered }) => [a + expected, b + discovered],
          [0, 0],
        );
        // The floor of a threshold is 1e-12 per test.
        expect(spent).toBeLessThanOrEqual(0.1 * Math.max(1, found) + 1e-8);
      }),
      { numRuns: 300 },
    );
  });

  it('has no more wealth than that: what partitions begin with and earn is at most the level per discovery', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { minLength: 1, maxLength: 300 }), (discoveries) => {
        const wealth = discoveries.reduce((sum, found, partition) => {
          const { initial, first, later } = partitionWealth(0.1, partition);
          return sum + initial + (found > 0 ? first + later * (found - 1) : 0);
        }, 0);
        const all = discoveries.reduce((sum, found) => sum + found, 0);
        expect(wealth).toBeLessThanOrEqual(0.1 * Math.max(1, all) + 1e-12);
      }),
    );
  });

  it('goes on with the latest 256 discoveries, and without the first once that is pushed out', () => {
    const values = new Float64Array(300).fill(1e-12);
    const wealth = partitionWealth(0.1, 0);
    const thresholds = lordThresholds(wealth, NONE, values);
    const state = advanceDiscoveries(newDiscoveries(0.1), thresholds, values);
    expect(state.expected).toBeCloseTo(
      thresholds.reduce((sum, threshold) => sum + threshold, 0),
      12,
    );
    expect(state).toMatchObject({ tests: 300, discovered: 300, latest: Array.from({ length: 256 }, (_, i) => i + 45) });
    const ages = Array.from({ length: 256 }, (_, i) => 256 - i);
    const expected = wealth.initial * spendingShare(301) + 0.1 * ages.reduce((sum, age) => sum + spendingShare(age), 0);
    expect(lordThresholds(wealth, state, Float64Array.of(1))[0]).toBeCloseTo(expected, 12);
  });

  it('finds an event of the smallest p-value after any number of tests', () => {
    const state = { tests: 1e12, discovered: 0, latest: [] };
    expect([...lordThresholds(partitionWealth(0.01, 9), state, Float64Array.of(1e-12))]).toEqual([1e-12]);
  });
});

describe('shares of a wealth', () => {
  const exact = (n: number): number => (0.07720838 * Math.log(Math.max(n, 2))) / (n * Math.exp(Math.sqrt(Math.log(n))));

  it('are those of the formula up to 2,047, and at most a thousandth less beyond', () => {
    for (const n of [1, 2, 3, 100, 2047]) expect(spendingShare(n)).toBe(exact(n));
    for (const n of [2048, 2049, 5000, 65_537, 2 ** 31 - 1, 2 ** 31, 2 ** 33 + 12_345_678, 1e15]) {
      expect(spendingShare(n) / exact(n)).toBeLessThanOrEqual(1 + 1e-12);
      expect(spendingShare(n) / exact(n)).toBeGreaterThan(0.9988);
    }
  });

  it('fall, and sum to at most 1', () => {
    const shares = Float64Array.from({ length: 200_000 }, (_, i) => spendingShare(i + 1));
    expect(shares.findIndex((share, i) => i > 0 && share > at(shares, i - 1))).toBe(-1);
    // Beyond N, the integral of u·exp(−√u) from log N: 2·exp(−s)·(s³ + 3s² + 6s + 6), s = √log N.
    const s = Math.sqrt(Math.log(shares.length));
    const rest = 0.07720838 * 2 * Math.exp(-s) * (s ** 3 + 3 * s ** 2 + 6 * s + 6);
    const sum = shares.reduce((total, share) => total + share, rest);
    expect(sum).toBeGreaterThan(0.97);
    expect(sum).toBeLessThan(1);
  });
});
