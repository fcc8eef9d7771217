import { describe, expect, it } from '@jest/globals';

import { judgePromise, poissonInterval } from './promise.ts';

describe('poissonInterval', () => {
  it.each([
    [0, 0, 3.689],
    [1, 0.0253, 5.572],
    [10, 4.795, 18.39],
    [100, 81.36, 121.63],
  ])('of %i is near the exact one', (count, low, high) => {
    const found = poissonInterval(count);
    expect(Math.abs(found.low - low)).toBeLessThan(0.05);
    expect(Math.abs(found.high - high)).toBeLessThan(0.12);
  });
});

describe('judgePromise', () => {
  it.each([
    [0, 2.9, 'unknown'],
    [3, 3, 'kept'],
    [2, 6, 'kept'],
    [0, 6, 'fewer'],
    [40, 20, 'more'],
    [50, 100, 'fewer'],
    // Sure, and nobody would act upon it.
    [11_000, 10_000, 'kept'],
  ] as const)('%i alarms of %d expected: %s', (measured, expected, verdict) => {
    expect(judgePromise(measured, expected).verdict).toBe(verdict);
  });
});
