import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { referenceSum } from '../testing/exact-reference.ts';
import { ExactSum } from './exact-sum.ts';

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -(2 ** 1000), max: 2 ** 1000 }),
  fc.double({ min: -1, max: 1, noNaN: true }),
  // Halves of the last digits of others.
  fc.tuple(fc.constantFrom(1, -1), fc.integer({ min: -110, max: 110 })).map(([sign, power]) => sign * 2 ** power),
);

const sumOf = (values: readonly number[]): ExactSum => {
  const sum = new ExactSum();
  for (const value of values) sum.add(value);
  return sum;
};

describe('an exact sum', () => {
  it('is rounded once, as in whole numbers of any size', () => {
    fc.assert(
      fc.property(fc.array(number, { maxLength: 40 }), (values) => {
        expect(sumOf(values).value).toBe(referenceSum(values));
      }),
      { numRuns: 2_000 },
    );
    expect(sumOf([1, 2 ** -53, 2 ** -106]).value).toBe(1 + 2 ** -52);
    expect(sumOf([1, 2 ** -53]).value).toBe(1);
    expect(sumOf([1, 2 ** -53, -(2 ** -106)]).value).toBe(1);
    expect(sumOf([0.1, 0.2, 0.3, -0.3, -0.2, -0.1]).value).toBe(0);
  });

  it('depends on what is in it, not on what was', () => {
    fc.assert(
      fc.property(fc.array(number, { maxLength: 60 }), fc.array(number, { maxLength: 20 }), (passing, staying) => {
        const sum = sumOf([...passing, ...staying]);
        for (const value of passing) sum.add(-value);
        expect(sum.value).toBe(sumOf(staying.toReversed()).value);
      }),
    );
  });

  it('takes no number of which a thousand would overflow', () => {
    expect([2 ** 1000, -(2 ** 1000), 1e302, -Number.MAX_VALUE].map((value) => ExactSum.takes(value))).toEqual([
      ...[true, true],
      ...[false, false],
    ]);
    expect(sumOf(Array<number>(1000).fill(2 ** 1000)).value).toBe(1000 * 2 ** 1000);
  });
});
