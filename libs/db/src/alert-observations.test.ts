import { describe, expect, it } from '@jest/globals';

import { batchTimeMs } from './alert-observations.ts';

const timeOf = (times: readonly number[], firstRow = 0): number | null =>
  batchTimeMs({ eventTimesMs: Float64Array.from(times), size: times.length }, firstRow);

describe('batchTimeMs', () => {
  it('is the median of the events from a row on, in whatever order they come', () => {
    expect(timeOf([1_000, 2_000, 3_000])).toBe(2_000);
    expect(timeOf([3_000, 1_000, 5_000, 2_000, 4_000])).toBe(3_000);
    expect(timeOf([1_000, 2_000, 3_000, 4_000.7], 2)).toBe(4_000);
    const times = [3_000, 1_000, 2_000];
    const eventTimesMs = Float64Array.from(times);
    batchTimeMs({ eventTimesMs, size: 3 }, 0);
    expect([...eventTimesMs]).toEqual(times);
  });

  it('leaves out what is no time: years before our era, and times far ahead of the clock', () => {
    const now = Date.now();
    expect(timeOf([now + 86_400_000, now, -1e14, NaN, now + 86_400_000])).toBe(now);
    expect(timeOf([now + 60_000])).toBe(now + 60_000);
  });

  it('is null where no event tells a time', () => {
    expect(timeOf([])).toBeNull();
    expect(timeOf([1_000], 1)).toBeNull();
    expect(timeOf([8e15, NaN])).toBeNull();
  });
});
