import { describe, expect, it } from '@jest/globals';

import { checkPlaces } from './place-check.ts';

const WIDTH = 3;
const MOST = 96;

/** Sum of each row, changed at a place. */
const sums =
  (change: (sum: number, row: number, n: number) => number = (sum) => sum) =>
  (rows: Float32Array, n: number): Promise<Float64Array> =>
    Promise.resolve(
      Float64Array.from({ length: n }, (_, i) => {
        const sum = rows.subarray(i * WIDTH, (i + 1) * WIDTH).reduce((total, value) => total + value, 0);
        return change(sum, i, n);
      }),
    );

describe('the check of places', () => {
  it('accepts scores that depend on the row alone', async () => {
    await expect(checkPlaces(sums(), WIDTH, MOST)).resolves.toBeUndefined();
    await expect(
      checkPlaces((_, n) => Promise.resolve(new Float64Array(n).fill(NaN)), WIDTH, MOST),
    ).resolves.toBeUndefined();
  });

  it.each([
    ['alone', (sum: number, _row: number, n: number) => (n === 1 ? sum * (1 + 2 ** -50) : sum)],
    [
      'in the last place',
      (sum: number, row: number, n: number) => (row === n - 1 && n > 1 ? sum * (1 + 2 ** -50) : sum),
    ],
    ['among many', (sum: number, _row: number, n: number) => (n >= MOST ? sum * (1 + 2 ** -50) : sum)],
    ['in an odd place', (sum: number, row: number) => (row % 2 === 1 ? sum * (1 + 2 ** -50) : sum)],
  ])('refuses a last bit that differs %s', async (_where, change) => {
    await expect(checkPlaces(sums(change), WIDTH, MOST)).rejects.toMatchObject({
      code: 'FLOWLINE_BACKEND_UNAVAILABLE',
      message: expect.stringMatching(/scores a row differently/),
    });
  });
});
