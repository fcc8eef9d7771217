import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { allFinite, allFiniteSparse } from './all-finite.ts';

const numbers = fc.array(
  fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(0, -0) },
    { weight: 4, arbitrary: fc.float({ noNaN: true, noDefaultInfinity: true }) },
    { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity, 3.4e38, -3.4e38, 1e-45) },
  ),
  { maxLength: 40 },
);

describe('allFinite and allFiniteSparse', () => {
  it('find every NaN and infinity among numbers and zeros, at any place and alignment', () => {
    fc.assert(
      fc.property(numbers, fc.nat(2), fc.nat(40), (values, skipped, most) => {
        const own = Float32Array.from(values).subarray(skipped);
        const length = Math.min(most, own.length);
        const expected = own.subarray(0, length).every(Number.isFinite);
        expect(allFinite(own, length)).toBe(expected);
        expect(allFiniteSparse(own, length)).toBe(expected);
      }),
    );
  });
});
