import { atOnce } from '@flowline/events';
import { Random } from '@flowline/flows';
import { describe, expect, it } from '@jest/globals';

import { halfChiSquared, scoredRows } from '../testing/simulated-scores.ts';
import { calibrateSteps } from '../training/calibrate.ts';
import { alarmRateInterval, alarmThreshold, alphaOf, type RateInterval } from './alpha.ts';
import { betaCdf } from './beta.ts';

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
  it('is the Clopper–Pearson range of the alarms among the calibration rows', () => {
    const { low, high } = alarmRateInterval({ alarms: 20, rows: 20_000, designEffect: 1 });
    expect(betaCdf(low, 20, 19_981)).toBeCloseTo(0.05, 9);
    expect(betaCdf(high, 21, 19_980)).toBeCloseTo(0.95, 9);
  });

  it('starts at 0 where no calibration row is that rare', () => {
    const { low, high } = alarmRateInterval({ alarms: 0, rows: 20_000, designEffect: 1 });
    expect(low).toBe(0);
    // Rule of three: at a rate of 3/20,000, one set in twenty has no such score.
    expect(high).toBeCloseTo(3 / 20_000, 5);
  });

  it('is wider where scores hang together', () => {
    const alone = alarmRateInterval({ alarms: 20, rows: 20_000, designEffect: 1 });
    const together = alarmRateInterval({ alarms: 20, rows: 20_000, designEffect: 10 });
    expect(together.low).toBeLessThan(alone.low);
    expect(together.high).toBeGreaterThan(alone.high);
  });
});

describe('the range that a training states', () => {
  const calibrated = (scores: Float64Array, alpha: number, data: 'clean' | 'unlabelled' = 'clean') => {
    const { calibration, interval } = atOnce(
      calibrateSteps({ data, family: 'realNVP', seed: 1, alpha }, scoredRows(scores)),
    );
    return { threshold: alarmThreshold(calibration.pooled, alpha), interval };
  };
  /** Share of sets whose true alarm rate lies outside. */
  function outside(sets: number, setOf: (random: Random) => { rate: number; interval: RateInterval | null }): number {
    const random = new Random(7);
    let count = 0;
    for (let set = 0; set < sets; set++) {
      const { rate, interval } = setOf(random);
      if (interval === null || rate < interval.low || rate > interval.high) count++;
    }
    return count / sets;
  }
  const exponential = (random: Random): number => -Math.log(1 - random.uniform());

  // 10 % may be outside; of this many sets, 13 % are within chance of that.
  it.each([
    [1_000, 1e-2, 'clean'],
    [5_000, 1e-3, 'clean'],
    [5_000, 1e-3, 'unlabelled'],
  ] as const)('holds the true rate in nine sets of ten: %i rows, alpha %f, %s', (rows, alpha, data) => {
    const share = outside(40, (random) => {
      const scores = Float64Array.from({ length: rows }, () => exponential(random));
      const { threshold, interval } = calibrated(scores, alpha, data);
      return { rate: Math.exp(-threshold), interval };
    });
    expect(share).toBeLessThanOrEqual(0.13);
  });

  it('holds it where some rows are outside their domain', () => {
    const share = outside(40, (random) => {
      const scores = Float64Array.from({ length: 1_200 }, () =>
        random.uniform() < 0.04 ? Infinity : exponential(random),
      );
      const { threshold, interval } = calibrated(scores, 1e-3);
      return { rate: 0.04 + 0.96 * Math.exp(-threshold), interval };
    });
    expect(share).toBeLessThanOrEqual(0.13);
  });

  it('holds it at 2e-7 of 100,000 rows, where the threshold lies beyond all of them', () => {
    const share = outside(10, (random) => {
      const scores = Float64Array.from({ length: 100_000 }, () => exponential(random));
      const { threshold, interval } = calibrated(scores, 2e-7);
      return { rate: Math.exp(-threshold), interval };
    });
    expect(share).toBeLessThanOrEqual(0.1);
  });

  it('holds it where scores follow each other: an AR(1) of 0.99, whose 20,000 rows are worth few', () => {
    const rho = 0.99;
    const share = outside(40, (random) => {
      let x = random.normal();
      const scores = Float64Array.from({ length: 20_000 }, () => {
        x = rho * x + Math.sqrt(1 - rho * rho) * random.normal();
        return (x * x) / 2;
      });
      const { threshold, interval } = calibrated(scores, 1e-2);
      return { rate: halfChiSquared(1).survival(threshold), interval };
    });
    expect(share).toBeLessThanOrEqual(0.13);
  });
});
