import { describe, expect, it } from '@jest/globals';
import { Random } from '@flowline/flows';
import { alarmRateInterval, alphaOf } from './alpha.ts';
import { betaCdf } from './beta.ts';
import { fitCalibration } from './calibration.ts';

describe('alphaOf', () => {
  it('is false alarms a day over events a day, or alpha as it is', () => {
    expect(alphaOf({ falseAlarmsPerDay: 2 }, 20_000)).toBeCloseTo(1e-4, 15);
    expect(alphaOf({ alpha: 1e-3 }, 5)).toBe(1e-3);
  });

  it.each([
    [{ falseAlarmsPerDay: 2 }, 2],
    [{ falseAlarmsPerDay: 2 }, 0],
    [{ falseAlarmsPerDay: 0 }, 100],
    [{ alpha: 1e-13 }, 100],
  ])('refuses %p at %p events a day', (control, eventsPerDay) => {
    expect(() => alphaOf(control, eventsPerDay)).toThrow(/not between 1e-12 and 0.5/);
  });
});

describe('alarmRateInterval', () => {
  const random = new Random(1);
  const scores = Float64Array.from({ length: 20_000 }, () => -Math.log(1 - random.uniform()));
  const calibration = fitCalibration(scores, random);

  it('is the 90 % range of Beta(k, n + 1 − k)', () => {
    const range = alarmRateInterval(calibration, 1e-3);
    expect(betaCdf(range?.low ?? NaN, 20, 19_981)).toBeCloseTo(0.05, 9);
    expect(betaCdf(range?.high ?? NaN, 20, 19_981)).toBeCloseTo(0.95, 9);
  });

  it('comes from the tail where no calibration row is that rare', () => {
    const range = alarmRateInterval(calibration, 1e-6);
    expect(range?.low).toBeLessThan(1e-6);
    // alpha is the 90 % quantile of these rates, so the 95 % quantile lies above it.
    expect(range?.high).toBeGreaterThan(1e-6);
    expect(range?.high).toBeLessThan(1e-4);
  });

  it('is null where such an alpha can never alarm', () => {
    expect(alarmRateInterval({ ...calibration, tail: null }, 1e-6)).toBeNull();
  });
});
