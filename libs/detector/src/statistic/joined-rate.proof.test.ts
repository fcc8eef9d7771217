import type { TestComponent } from '@flowline/events';
import { Random } from '@flowline/flows';
import { describe, expect, it } from '@jest/globals';

import { fitCalibrationSet, patternPValue } from '../calibration/calibration-set.ts';
import { type ComponentScores, joinedScores } from './combined-scores.ts';
import type { ComparedRows } from './decided-rows.ts';
import { type Component, componentShares } from './statistic.ts';

const D = 8;
const [SETS, ROWS, TESTED] = [20, 8_000, 60_000];
const names = ['low_density', 'high_density', 'extreme_latent'] as const satisfies readonly TestComponent[];

/** Scores of normal events of a Gaussian: they depend on each other, as those of a flow do. */
const drawn = (size: number, random: Random): ComponentScores => {
  const scores = { ...Object.fromEntries(names.map((name) => [name, new Float64Array(size)])) };
  const none = new Float64Array(size);
  const values = { extreme_value: none, distant: none, ...scores } as unknown as ComponentScores;
  for (let row = 0; row < size; row++) {
    let [sum, most] = [0, 0];
    for (let i = 0; i < D; i++) {
      const z = random.normal();
      sum += (z * z) / 2;
      most = Math.max(most, Math.abs(z));
    }
    values.low_density[row] = sum;
    values.high_density[row] = -sum;
    values.extreme_latent[row] = most;
  }
  return values;
};

const alike = (size: number): ComparedRows => ({
  missingPattern: new Int32Array(size),
  traits: { level: () => null, missing: () => [] },
  start: 0,
});

describe('p-values of the join', () => {
  it('hold the rate asked for over calibration sets, whatever depends on what', () => {
    const random = new Random(11);
    const tested = drawn(TESTED, random);
    const rates = { 0.01: [] as number[], 0.001: [] as number[] };
    for (let set = 0; set < SETS; set++) {
      const rows = drawn(ROWS, random);
      const components = names.map((name): Component => {
        const calibration = fitCalibrationSet(rows[name], new Int32Array(ROWS), random.fork(`${name} ${set}`));
        return { name, share: componentShares[name], calibration };
      });
      const joined = joinedScores({ components }, rows, alike(ROWS)).scores;
      const join = fitCalibrationSet(joined, new Int32Array(ROWS), random.fork(`join ${set}`));
      const pValues = joinedScores({ components }, tested, alike(TESTED)).scores.map(
        (score) => patternPValue(join, score, 0).p,
      );
      for (const alpha of [0.01, 0.001] as const) {
        rates[alpha].push(pValues.filter((p) => p <= alpha).length / TESTED / alpha);
      }
    }
    // At 1e-3 only four of the rows are beyond, and the fitted tail is cautious.
    const least = { 0.01: 0.75, 0.001: 0.3 };
    for (const alpha of [0.01, 0.001] as const) {
      const mean = rates[alpha].reduce((sum, rate) => sum + rate / SETS, 0);
      expect(mean).toBeGreaterThan(least[alpha]);
      expect(mean).toBeLessThan(1.1);
      expect(Math.max(...rates[alpha])).toBeLessThan(2);
    }
  });
});
