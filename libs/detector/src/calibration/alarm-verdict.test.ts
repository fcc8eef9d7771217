import { describe, expect, it } from '@jest/globals';
import { Random } from '@flowline/flows';
import { alarmVerdict } from './alarm-verdict.ts';

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
});
