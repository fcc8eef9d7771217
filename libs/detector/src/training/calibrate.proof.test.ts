import { atOnce } from '@flowline/events';
import type { FeatureSpec } from '@flowline/events';
import { columnsOf, fitEncoding, type FeatureTable } from '@flowline/features';
import { Random } from '@flowline/flows';
import { describe, expect, it } from '@jest/globals';

import { patternPValue } from '../calibration/calibration-set.ts';
import { logDensities } from '../log-densities.ts';
import { scoredRows } from '../testing/simulated-scores.ts';
import { calibrateSteps } from './calibrate.ts';
import { missingNats } from './missing-nats.ts';
import type { ScoredRows } from './usual-scores.ts';

const ALPHA = 1e-3;
const ROWS = 20_000;
const normalScore = (z: number, sd: number): number => z ** 2 / 2 + Math.log(sd * Math.sqrt(2 * Math.PI));

/** Share of the rows that alarm. */
function alarmRate(calibrated: ReturnType<typeof calibrate>, rows: ScoredRows): number {
  const { calibration } = calibrated;
  let alarms = 0;
  rows.logDensityNats.forEach((logP, row) => {
    if (patternPValue(calibration, -logP, rows.missingPattern[row]!, row, rows.traits).p <= ALPHA) alarms++;
  });
  return alarms / rows.logDensityNats.length;
}

const calibrate = (rows: ScoredRows, data: 'clean' | 'unlabelled') =>
  atOnce(calibrateSteps({ data, family: 'realNVP', seed: 1, alpha: ALPHA }, rows));

describe.each(['clean', 'unlabelled'] as const)('kinds of normal rows, %s', (data) => {
  it('a level of 1 % of the rows is rare, not an outlier', () => {
    const share = 0.01;
    const rowsOf = (seed: number, isRare: (random: Random) => boolean): ScoredRows => {
      const random = new Random(seed);
      const logLevels = Float64Array.from({ length: ROWS }, () => Math.log(isRare(random) ? share : 1 - share));
      const scores = logLevels.map((logP) => normalScore(random.normal(), 1) - logP);
      return scoredRows(scores, { logLevels });
    };
    const calibrated = calibrate(
      rowsOf(1, (random) => random.uniform() < share),
      data,
    );
    expect(
      alarmRate(
        calibrated,
        rowsOf(2, (random) => random.uniform() < share),
      ),
    ).toBeLessThan(2 * ALPHA);
    // Of the rare level: at most what α leaves for 1 % of the rows.
    expect(
      alarmRate(
        calibrated,
        rowsOf(3, () => true),
      ),
    ).toBeLessThan(2 * ALPHA * 100);
    expect(calibrated.report.trimmedShare).toBeLessThan(0.002);
  });

  it('a rare level is no outlier beside real ones', () => {
    const [share, anomalous] = [0.04, 0.02];
    const rowsOf = (seed: number, rare: number, off: number): ScoredRows => {
      const random = new Random(seed);
      const logLevels = Float64Array.from({ length: ROWS }, () =>
        Math.log(random.uniform() < rare ? share : 1 - share),
      );
      const scores = logLevels.map(
        (logP) => normalScore(random.normal(), 1) - logP + (random.uniform() < off ? 30 : 0),
      );
      return scoredRows(scores, { logLevels });
    };
    const calibrated = calibrate(rowsOf(1, share, anomalous), 'unlabelled');
    expect(alarmRate(calibrated, rowsOf(2, 1, 0))).toBeLessThan((2 * ALPHA) / share);
    expect(alarmRate(calibrated, rowsOf(3, share, 0))).toBeLessThan(2 * ALPHA);
    expect(alarmRate(calibrated, rowsOf(4, share, 1))).toBe(1);
    expect(Math.abs(calibrated.report.trimmedShare - anomalous)).toBeLessThan(0.006);
  });

  it.each([1e-6, 1, 1e6])('rows without a column that has a unit of %f are no outliers', (unit) => {
    // A third of the rows lack b, whose density is that many times larger.
    const rowsOf = (seed: number, lacks: (row: number) => boolean): ScoredRows => {
      const random = new Random(seed);
      const missingPattern = Int32Array.from({ length: ROWS }, (_, row) => (lacks(row) ? 1 : 0));
      const scores = Float64Array.from(missingPattern, (pattern) => {
        const a = normalScore(random.normal(), 1);
        return pattern === 1 ? a : a + normalScore(random.normal(), unit);
      });
      return scoredRows(scores, { missingPattern });
    };
    const calibrated = calibrate(
      rowsOf(1, (row) => row % 3 === 0),
      data,
    );
    expect(calibrated.report.ownPatterns).toBe(2);
    expect(
      alarmRate(
        calibrated,
        rowsOf(2, () => true),
      ),
    ).toBeLessThan(2 * ALPHA);
    expect(
      alarmRate(
        calibrated,
        rowsOf(3, () => false),
      ),
    ).toBeLessThan(2 * ALPHA);
    expect(calibrated.report.trimmedShare).toBeLessThan(0.002);
  });

  it.each([1e-6, 1, 1e6])('rows of a rare pattern alarm about as often as others, at a unit of %f', (unit) => {
    const share = 0.01; // 200 rows: too few for a calibration of their own.
    const logUnit = Math.log(unit * Math.sqrt(2 * Math.PI));
    const rowsOf = (seed: number, rate: number): ScoredRows => {
      const random = new Random(seed);
      const missingPattern = Int32Array.from({ length: ROWS }, () => (random.uniform() < rate ? 1 : 0));
      const scores = Float64Array.from(missingPattern, (pattern) => {
        const a = normalScore(random.normal(), 1);
        return pattern === 1 ? a : a + normalScore(random.normal(), unit);
      });
      const missing = (row: number): readonly string[] => (missingPattern[row] === 1 ? ['b'] : []);
      const traits = { level: () => null, missing };
      return scoredRows(scores, { missingPattern, traits, missingNats: { b: -0.5 - logUnit } });
    };
    const calibrated = calibrate(rowsOf(1, share), data);
    expect(calibrated.report.ownPatterns).toBe(1);
    const rate = alarmRate(calibrated, rowsOf(2, 1));
    expect(rate).toBeLessThan(3 * ALPHA);
    expect(rate).toBeGreaterThan(ALPHA / 10);
  });

  it('events are compared with those of their own context: busy hours do not hide quiet ones', () => {
    const [busy, quiet] = [1, 0.05];
    const rowsOf = (seed: number, isQuiet: (row: number) => boolean, deviations: number | null): ScoredRows => {
      const random = new Random(seed);
      const scores = Float64Array.from({ length: ROWS }, (_, row) =>
        normalScore(deviations ?? random.normal(), isQuiet(row) ? quiet : busy),
      );
      const level = (row: number): string => String(isQuiet(row));
      return scoredRows(scores, { contexts: 1, traits: { level, missing: () => [] } });
    };
    const calibrated = calibrate(
      rowsOf(1, (row) => row % 2 === 0, null),
      data,
    );
    expect(calibrated.report.ownContexts).toBe(2);
    for (const [seed, isQuiet] of [
      [2, true],
      [3, false],
    ] as const) {
      const rate = alarmRate(
        calibrated,
        rowsOf(seed, () => isQuiet, null),
      );
      expect(rate).toBeLessThan(2 * ALPHA);
      expect(rate).toBeGreaterThan(ALPHA / 3);
    }
    // A quiet event that is 6 standard deviations off has a higher density than a usual busy one.
    expect(
      alarmRate(
        calibrated,
        rowsOf(4, () => true, 6),
      ),
    ).toBe(1);
    expect(
      alarmRate(
        calibrated,
        rowsOf(5, () => false, 2),
      ),
    ).toBe(0);
  });
});

describe('missingNats', () => {
  const schema: readonly FeatureSpec[] = ['a', 'b'].map((name) => ({
    ...{ name, from: name, type: 'real', role: 'score', maxLevels: 64, period: null },
    nullable: name === 'b',
  }));

  it.each([1, 1e6])('is the mean log density of a feature given the others, in a unit of %f', async (unit) => {
    const random = new Random(5);
    const size = 2_000;
    const numeric = Float64Array.from({ length: 2 * size }, (_, i) =>
      i % 2 === 0 ? random.normal() : random.uniform() < 0.05 ? NaN : unit * random.normal(),
    );
    const table: FeatureTable = { size, numeric, numericWidth: 2, levels: [], levelWidth: 0 };
    const encoding = fitEncoding(schema, table);
    // The density of two independent normal numbers, or of the first one alone.
    const present = encoding.dimensions + encoding.presence[1]!;
    const width = encoding.dimensions + encoding.contextWidth;
    const scorer = {
      score: (rows: Float32Array, n: number) =>
        Promise.resolve(
          Float64Array.from({ length: n }, (_, row) => {
            const [a, b, isPresent] = [0, 1, present].map((column) => rows[row * width + column]!);
            return -normalScore(a!, 1) - (isPresent === 1 ? normalScore(b!, 1) : 0);
          }),
        ),
    };
    const columns = columnsOf(table);
    const densities = await logDensities(scorer, encoding, columns);
    const found = await missingNats(scorer, encoding, columns, densities, undefined);
    expect(Object.keys(found)).toEqual(['b']);
    expect(found.b).toBeCloseTo(-0.5 - Math.log(unit * Math.sqrt(2 * Math.PI)), 1);
  });
});
