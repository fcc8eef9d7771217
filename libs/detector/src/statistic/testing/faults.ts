import { at, type FeatureSpec } from '@flowline/events';
import type { FeatureTable } from '@flowline/features';
import { Random } from '@flowline/flows';

import type { HistoryParts } from '../../bundle/bundle.ts';

/** Number of sensors of the plant. */
const SENSORS = 16;
const FACTORS = 4;
/** Share of a sensor's variance that is its own. */
const OWN_SHARE = 0.2;

/** Sensors that follow four common factors and vary by themselves: a Gaussian of a known law. */
export class Plant {
  readonly schema: readonly FeatureSpec[] = Array.from({ length: SENSORS }, (_, i) => ({
    ...{ name: `s${i}`, type: 'real', from: `s${i}`, role: 'score', nullable: false, maxLevels: 64, period: null },
  }));
  readonly #loadings: readonly (readonly number[])[];

  constructor(seed: number) {
    const random = new Random(seed);
    this.#loadings = Array.from({ length: SENSORS }, () => {
      const raw = Array.from({ length: FACTORS }, () => random.normal());
      const length = Math.hypot(...raw);
      return raw.map((value) => (value / length) * Math.sqrt(1 - OWN_SHARE));
    });
  }

  /** Draws normal events, each changed by a function of its values and its own generator. */
  draw(
    size: number,
    random: Random,
    change: (values: number[], random: Random) => readonly number[] = (v) => v,
  ): FeatureTable {
    const numeric = new Float64Array(size * SENSORS);
    for (let row = 0; row < size; row++) {
      const factors = Array.from({ length: FACTORS }, () => random.normal());
      const values = this.#loadings.map(
        (loading) =>
          loading.reduce((sum, one, f) => sum + one * at(factors, f), 0) + Math.sqrt(OWN_SHARE) * random.normal(),
      );
      numeric.set(change(values, random), row * SENSORS);
    }
    return { size, numeric, numericWidth: SENSORS, levels: [], levelWidth: 0 };
  }

  /** The four parts of a history. */
  history(rows: HistoryParts<number>, random: Random): HistoryParts<FeatureTable> {
    return {
      train: this.draw(rows.train, random),
      validation: this.draw(rows.validation, random),
      calibration: this.draw(rows.calibration, random),
      test: this.draw(rows.test, random),
    };
  }

  /** Standard deviation of each sensor given all others: 1/√(Σ⁻¹)_ii. */
  conditionalDeviations(): readonly number[] {
    const covariance = this.#loadings.map((a, i) =>
      this.#loadings.map((b, j) => a.reduce((sum, one, f) => sum + one * at(b, f), i === j ? OWN_SHARE : 0)),
    );
    return inverse(covariance).map((row, i) => 1 / Math.sqrt(at(row, i)));
  }
}

/** Inverse of a positive definite matrix, by Gauss and Jordan. */
function inverse(matrix: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const n = matrix.length;
  const work = matrix.map((row, i) => [...row, ...Array.from({ length: n }, (_, j) => (i === j ? 1 : 0))]);
  work.forEach((pivotRow, k) => {
    const pivot = at(pivotRow, k);
    pivotRow.forEach((value, j) => (pivotRow[j] = value / pivot));
    work.forEach((row, i) => {
      if (i === k) return;
      const factor = at(row, k);
      row.forEach((value, j) => (row[j] = value - factor * at(pivotRow, j)));
    });
  });
  return work.map((row) => row.slice(n));
}

/** Faults of a plant: all sensors stuck, all too quiet, one `off` conditional deviations away. */
export const faults = (plant: Plant, off: number): Readonly<Record<string, (v: number[], r: Random) => number[]>> => {
  const deviations = plant.conditionalDeviations();
  return {
    stuck: (values) => values.map(() => 0),
    halved: (values) => values.map((value) => value / 2),
    off: (values, random) => {
      const sensor = Math.floor(random.uniform() * SENSORS);
      return values.map((value, i) => (i === sensor ? value + off * at(deviations, i) : value));
    },
  };
};
