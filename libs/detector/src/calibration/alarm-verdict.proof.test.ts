import { at } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';
import { Random } from '@flowline/flows';
import { alarmVerdict, designEffect } from './alarm-verdict.ts';

const drawn = (n: number, rate: number, seed: number): Uint8Array => {
  const random = new Random(seed);
  return Uint8Array.from({ length: n }, () => (random.uniform() < rate ? 1 : 0));
};

describe('alarmVerdict', () => {
  it('calls what was expected otherwise in at most 2 of 100 trials, also where alarms come in bursts', () => {
    const trials = 300;
    for (const burst of [1, 12]) {
      let wrong = 0;
      for (let seed = 0; seed < trials; seed++) {
        const starts = drawn(4_800 / burst, 0.01, seed);
        const alarmed = Uint8Array.from({ length: 4_800 }, (_, i) => at(starts, Math.floor(i / burst)));
        if (/above|below/.exec(alarmVerdict({ alarmed, interval: { low: 0.01, high: 0.01 } }))) wrong++;
      }
      expect(wrong / trials).toBeLessThanOrEqual(burst === 1 ? 0.03 : 0.08);
    }
  });
});

describe('designEffect', () => {
  it('is about 1 for independent draws, and the length of bursts', () => {
    const mean = (burst: number): number => {
      let sum = 0;
      for (let seed = 0; seed < 50; seed++) {
        const starts = drawn(10_000 / burst, 0.05, seed);
        sum += designEffect(Uint8Array.from({ length: 10_000 }, (_, i) => at(starts, Math.floor(i / burst)))) / 50;
      }
      return mean10(sum);
    };
    expect(mean(1)).toBeLessThan(1.5);
    expect(mean(10)).toBeGreaterThan(7);
    expect(mean(10)).toBeLessThan(13);
  });
});

const mean10 = (value: number): number => Math.round(value * 10) / 10;
