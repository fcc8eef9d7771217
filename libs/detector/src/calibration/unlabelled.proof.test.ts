import { atOnce } from '@flowline/events';
import { Random } from '@flowline/flows';
import { describe, expect, it } from '@jest/globals';

import { distanceOf, halfChiSquared, type ScoreLaw, scoredRows, scoreLaws } from '../testing/simulated-scores.ts';
import { calibrateSteps } from '../training/calibrate.ts';
import { alarmThreshold } from './alpha.ts';

const [ROWS, SETS] = [20_000, 6];
const spec = { data: 'unlabelled', family: 'realNVP', seed: 1, alpha: 1e-3 } as const;
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value / values.length, 0);

/** Thresholds at 1e-3 and 1e-4 of sets of unlabelled scores, and the share left out. */
function calibrated(draw: (random: Random) => number) {
  return Array.from({ length: SETS }, (_, set) => {
    const random = new Random(100 + set);
    const scores = Float64Array.from({ length: ROWS }, () => draw(random));
    const { calibration, report } = atOnce(calibrateSteps(spec, scoredRows(scores)));
    const [thousandth, tenThousandth] = [
      alarmThreshold(calibration.pooled, 1e-3),
      alarmThreshold(calibration.pooled, 1e-4),
    ];
    return { thousandth, tenThousandth, trimmedShare: report.trimmedShare };
  });
}

describe('an unlabelled history without anomalies', () => {
  it.each(scoreLaws.map((law): [string, ScoreLaw] => [law.name, law]))(
    'alarms at most twice as often as asked at 1e-3, and three times at 1e-4: %s',
    (_, { draw, survival }) => {
      const sets = calibrated(draw);
      const [often, rarely] = [
        sets.map(({ thousandth }) => survival(thousandth) / 1e-3),
        sets.map(({ tenThousandth }) => survival(tenThousandth) / 1e-4),
      ];
      // Of all sets, and closer on average.
      expect(Math.max(...often)).toBeLessThan(2);
      expect(Math.max(...rarely)).toBeLessThan(3);
      expect(mean(often)).toBeLessThan(1.2);
      expect(mean(rarely)).toBeLessThan(1.2);
      expect(mean(often)).toBeGreaterThan(0.5);
      expect(Math.max(...sets.map(({ trimmedShare }) => trimmedShare))).toBeLessThan(0.001);
    },
  );
});

describe('an unlabelled history with 2 % of anomalies', () => {
  it.each([
    [1, 6],
    [3, 6],
    [10, 6],
    [30, 8],
  ])('in %i dimensions, %i standard deviations off: at least half of them are caught at 1e-4', (d, shift) => {
    const sets = calibrated((random) => distanceOf(random, d, random.uniform() < 0.02 ? shift : 0));
    const random = new Random(9);
    const anomalies = Array.from({ length: 2_000 }, () => distanceOf(random, d, shift));
    const caught = (threshold: number): number => anomalies.filter((score) => score >= threshold).length / 2_000;
    expect(mean(sets.map(({ tenThousandth }) => caught(tenThousandth)))).toBeGreaterThan(0.5);
    expect(mean(sets.map(({ thousandth }) => caught(thousandth)))).toBeGreaterThan(0.85);
    // The rate among normal events is still about what was asked for.
    const { survival } = halfChiSquared(d);
    expect(mean(sets.map(({ thousandth }) => survival(thousandth) / 1e-3))).toBeLessThan(2);
    expect(mean(sets.map(({ tenThousandth }) => survival(tenThousandth) / 1e-4))).toBeLessThan(3);
    expect(mean(sets.map(({ trimmedShare }) => trimmedShare))).toBeCloseTo(0.02, 2);
  });
});
