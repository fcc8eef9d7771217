import { describe, expect, it } from '@jest/globals';

import { ticks } from './ticks.ts';

describe('ticks', () => {
  it.each([
    [0, 1, [0, 0.5, 1]],
    [-2, 1, [-2, -1, 0, 1]],
    [0, 1_000, [0, 500, 1_000]],
    [0.6219, 0.6234, [0.622, 0.6225, 0.623]],
    [3, 3, [3]],
    [NaN, 1, [NaN]],
  ])('from %d to %d are round', (low, high, expected) => {
    expect(ticks(low, high)).toEqual(expected);
  });
});
