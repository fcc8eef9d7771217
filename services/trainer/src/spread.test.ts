import { describe, expect, it } from '@jest/globals';

import { spreadMs } from './spread.ts';

describe('delays of scheduled trainings', () => {
  it('spread detectors evenly over the jitter, the same whoever asks', () => {
    const delays = Array.from({ length: 1_000 }, (_, i) => spreadMs(`detector-${i}`, 600_000));
    expect(delays).toEqual(Array.from({ length: 1_000 }, (_, i) => spreadMs(`detector-${i}`, 600_000)));
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...delays)).toBeLessThan(600_000);
    const tenths = Array.from({ length: 10 }, (_, i) => delays.filter((ms) => Math.floor(ms / 60_000) === i).length);
    // Of 1,000 in ten parts: 100 each, with a standard deviation of 9.5.
    expect(Math.min(...tenths)).toBeGreaterThan(60);
    expect(Math.max(...tenths)).toBeLessThan(140);
  });

  it('are none without jitter', () => {
    expect(spreadMs('any', 0)).toBe(0);
  });
});
