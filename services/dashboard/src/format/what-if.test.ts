import { describe, expect, it } from '@jest/globals';

import { caughtShare, eventsBeyond, thresholdOf } from './what-if.ts';

describe('eventsBeyond', () => {
  // 1,024 events with uniform p-values: half of them per further bit.
  const uniform = [512, 256, 128, 64, 32, 16, 8, 4, 2, 1, 1];

  it('counts whole bits as they are', () => {
    expect(eventsBeyond(uniform, 0)).toBe(1_024);
    expect(eventsBeyond(uniform, 1)).toBe(512);
    expect(eventsBeyond(uniform, 8)).toBe(4);
  });

  it('takes p-values as uniform within a bit', () => {
    expect(eventsBeyond(uniform, 1.5)).toBeCloseTo(1_024 * 2 ** -1.5, 6);
  });

  it('finds none beyond the last', () => {
    expect(eventsBeyond(uniform, 40)).toBe(0);
  });
});

describe('thresholdOf', () => {
  it('is that of the share of events that may alarm', () => {
    expect(thresholdOf(2, 2_048)).toBe(10);
    expect(thresholdOf(5_000, 2_048)).toBe(0);
  });
});

describe('caughtShare', () => {
  it('is the share of trials at or beyond the threshold', () => {
    expect(caughtShare([9, 10, 11, Infinity], 10)).toBe(0.75);
    expect(caughtShare([], 10)).toBe(0);
  });
});
