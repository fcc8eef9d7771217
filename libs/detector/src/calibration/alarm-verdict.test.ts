import { describe, expect, it } from '@jest/globals';
import { Random } from '@flowline/flows';
import { alarmVerdict, designEffect } from './alarm-verdict.ts';

const drawn = (n: number, rate: number, seed: number): Uint8Array => {
  const random = new Random(seed);
  return Uint8Array.from({ length: n }, () => (random.uniform() < rate ? 1 : 0));
};

describe('alarmVerdict', () => {
  const interval = { low: 0.008, high: 0.014 };

  it('finds what was expected inside, and three times as much above', () => {
    expect(alarmVerdict({ alarmed: drawn(2_400, 0.01, 1), interval })).toBe('inside');
    // Hourly weather of the reference data: 96 alarms in 2,396 rows, where 1.4 % were expected.
    const weather = Uint8Array.from({ length: 2_396 }, (_, i) => (i % 25 === 0 ? 1 : 0));
    expect(alarmVerdict({ alarmed: weather, interval })).toBe('above');
    expect(alarmVerdict({ alarmed: new Uint8Array(2_400), interval })).toBe('below');
  });

  it('does not judge without rows or without an expectation', () => {
    expect(alarmVerdict({ alarmed: new Uint8Array(0), interval })).toBe('untested');
    expect(alarmVerdict({ alarmed: drawn(100, 0.5, 2), interval: null })).toBe('untested');
  });

  it('calls a month with one storm unclear: too many alarms, of which half are one event', () => {
    const storm = drawn(2_400, 0.012, 1).fill(1, 2_000, 2_060);
    expect(alarmVerdict({ alarmed: storm, interval })).toBe('unclear');
  });

  it('calls what was expected otherwise in at most 2 of 100 trials, also where alarms come in bursts', () => {
    const trials = 300;
    for (const burst of [1, 12]) {
      let wrong = 0;
      for (let seed = 0; seed < trials; seed++) {
        const starts = drawn(4_800 / burst, 0.01, seed);
        const alarmed = Uint8Array.from({ length: 4_800 }, (_, i) => starts[Math.floor(i / burst)] ?? 0);
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
        sum += designEffect(Uint8Array.from({ length: 10_000 }, (_, i) => starts[Math.floor(i / burst)] ?? 0)) / 50;
      }
      return mean10(sum);
    };
    expect(mean(1)).toBeLessThan(1.5);
    expect(mean(10)).toBeGreaterThan(7);
    expect(mean(10)).toBeLessThan(13);
  });
});

const mean10 = (value: number): number => Math.round(value * 10) / 10;
