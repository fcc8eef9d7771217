import { describe, expect, it } from '@jest/globals';
import { Random } from '@flowline/flows';
import { alarmRateInterval, alarmThreshold, alphaOf } from './alpha.ts';
import { betaCdf } from './beta.ts';
import { fitCalibration } from './calibration.ts';

describe('alphaOf', () => {
  it('is false alarms per day over events per day, or alpha as it is', () => {
    expect(alphaOf({ falseAlarmsPerDay: 2 }, 20_000)).toBeCloseTo(1e-4, 15);
    expect(alphaOf({ alpha: 1e-3 }, 5)).toBe(1e-3);
  });

  it.each([
    [{ falseAlarmsPerDay: 2 }, 2],
    [{ falseAlarmsPerDay: 2 }, 0],
    [{ falseAlarmsPerDay: 0 }, 100],
    [{ alpha: 1e-13 }, 100],
  ])('refuses %p at %p events per day', (control, eventsPerDay) => {
    expect(() => alphaOf(control, eventsPerDay)).toThrow(/not between 1e-12 and 0.5/);
  });
});

describe('alarmRateInterval', () => {
  const random = new Random(1);
  const scores = Float64Array.from({ length: 20_000 }, () => -Math.log(1 - random.uniform()));
  const calibration = fitCalibration(scores, random);

  it('is the Clopper–Pearson range of the count at the threshold', () => {
    const range = alarmRateInterval(calibration, 1e-3);
    const c = scores.filter((score) => score >= alarmThreshold(calibration, 1e-3)).length;
    expect(c).toBeGreaterThan(5);
    expect(betaCdf(range?.low ?? NaN, c, 20_001 - c)).toBeCloseTo(0.05, 9);
    expect(betaCdf(range?.high ?? NaN, c + 1, 20_000 - c)).toBeCloseTo(0.95, 9);
  });

  it('starts at 0 where no calibration row is that rare', () => {
    const range = alarmRateInterval(calibration, 1e-7);
    expect(range?.low).toBe(0);
    // Rule of three: at a rate of 3/20,000, one set in twenty has no such score.
    expect(range?.high).toBeCloseTo(3 / 20_000, 5);
  });

  it('is wider where scores hang together', () => {
    const [alone, together] = [
      alarmRateInterval(calibration, 1e-3),
      alarmRateInterval(calibration, 1e-3, { designEffect: 10 }),
    ];
    expect(together!.low).toBeLessThan(alone!.low);
    expect(together!.high).toBeGreaterThan(alone!.high);
  });

  it('holds the true rate where some rows always alarm, as in nine sets of ten', () => {
    // 200 sets of 1,200 rows, of which 4 % have no score.
    const [sets, share] = [200, 0.04];
    const draw = new Random(11);
    let outside = 0;
    for (let set = 0; set < sets; set++) {
      const isAlways = Array.from({ length: 1_200 }, () => draw.uniform() < share);
      const always = isAlways.filter(Boolean).length;
      const drawn = Float64Array.from({ length: 1_200 - always }, () => -Math.log(1 - draw.uniform()));
      const fitted = fitCalibration(drawn, draw);
      const rate = share + (1 - share) * Math.exp(-alarmThreshold(fitted, 1e-3));
      const range = alarmRateInterval(fitted, 1e-3, { always });
      if (rate < range!.low || rate > range!.high) outside++;
    }
    expect(outside / sets).toBeLessThan(0.13);
    expect(outside).toBeGreaterThan(0);
  });

  it('holds the true rate in nine sets of ten', () => {
    // 60 sets of exponential scores, whose true rate at a threshold t is exp(−t).
    const sets = 60;
    const draw = new Random(7);
    let outside = 0;
    for (let set = 0; set < sets; set++) {
      const drawn = Float64Array.from({ length: 1_000 }, () => -Math.log(1 - draw.uniform()));
      const fitted = fitCalibration(drawn, draw);
      const rate = Math.exp(-alarmThreshold(fitted, 1e-2));
      const range = alarmRateInterval(fitted, 1e-2);
      if (rate < range!.low || rate > range!.high) outside++;
    }
    // 10 % may be outside. With 60 sets, up to 11 are within chance.
    expect(outside).toBeLessThanOrEqual(11);
  });

  it('is null where such an alpha can never alarm', () => {
    expect(alarmRateInterval({ ...calibration, tail: null }, 1e-6)).toBeNull();
  });
});
