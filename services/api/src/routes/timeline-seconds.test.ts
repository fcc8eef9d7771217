import { describe, expect, it } from '@jest/globals';

import { timelineSeconds } from './timeline-seconds.ts';

const HOUR_MS = 3_600_000;
const hours = (count: number) => ({ from: new Date(0), to: new Date(count * HOUR_MS) });

describe('the intervals of a timeline', () => {
  it('are the shortest of which as many as there are points cover the range', () => {
    expect(timelineSeconds(hours(1), 700, 4)).toBe(60);
    expect(timelineSeconds(hours(24), 700, 4)).toBe(300);
    expect(timelineSeconds(hours(7 * 24), 700, 1)).toBe(1_800);
    expect(timelineSeconds(hours(31 * 24), 700, 4)).toBe(2 * 3_600);
    expect(timelineSeconds(hours(100 * 365 * 24), 1, 1)).toBeGreaterThanOrEqual(100 * 365 * 86_400);
  });

  it('are hours where minutes would be too many', () => {
    expect(timelineSeconds(hours(7 * 24), 700, 4)).toBe(3_600);
    expect(timelineSeconds(hours(24), 700, 10)).toBe(300);
    expect(timelineSeconds(hours(24), 700, 100)).toBe(3_600);
  });
});
