import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatBits, formatNumber, formatRange } from './format-number.ts';

describe('formatNumber', () => {
  it.each([
    [0, '0'],
    [9120, '9120'],
    [-3, '−3'],
    [0.123456, '0.1235'],
    [1234567.8, '1234568'],
    [-5e12, '−5e12'],
    [6.281983e23, '6.28e23'],
    [0.00001234, '1.23e-5'],
    [123456.789, '123457'],
  ])('%p is %p', (value, text) => expect(formatNumber(value)).toBe(text));

  it('reads back to three digits', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const read = Number(formatNumber(value).replace('−', '-'));
        return value === 0 || Math.abs(read / value - 1) < 5e-3 || Math.abs(value) < 1e-300 || Math.abs(value) > 1e300;
      }),
    );
  });
});

describe('formatRange', () => {
  it.each([
    [95.3, 420.2, '95–420'],
    [-12.4, 48.4, '−12–48'],
    [0.1234, 0.3111, '0.12–0.31'],
    [1012.31, 1012.94, '1012.31–1012.94'],
    [-0.2, 3.7, '−0.2–3.7'],
    [5, 5, '5–5'],
    [1e9, 3e12, '1e9–3e12'],
    [-0.001, 20, '0–20'],
  ])('%p to %p is %p', (low, high, text) => expect(formatRange(low, high)).toBe(text));
});

describe('formatBits', () => {
  it.each([
    [18.94, '18.9'],
    [0, '0.0'],
    [6158, '6158.0'],
    [6.28e23, '6.28e23'],
  ])('%p is %p', (bits, text) => expect(formatBits(bits)).toBe(text));
});
