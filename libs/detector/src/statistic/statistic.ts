import type { TestComponent } from '@flowline/events';

import type { CalibrationSet } from '../calibration/calibration-set.ts';
import type { LinearConditionals } from './linear-conditionals.ts';
import type { NearestRows } from './nearest-rows.ts';
import type { OutlyingStatistic } from './outlying.ts';

/** Component of a combined statistic, calibrated on its own. */
export interface Component {
  readonly name: TestComponent;
  /** Weight of its p-value in the join: the smallest p/share decides. */
  readonly share: number;
  readonly calibration: CalibrationSet;
}

/** Parts of a combined statistic that are known from the training rows. */
export interface TrainedParts {
  /** Expectation of each value given the others, by which a single wrong one is told. */
  readonly linear: LinearConditionals;
  /** Training rows from which distances are measured; null without the component `distant`. */
  readonly history: NearestRows | null;
}

/**
 * Combined statistic: from an event to s = −log min p_k / share_k over its components. It is a
 * score like −log p, which the calibration of the model turns into a p-value.
 */
export interface CombinedStatistic extends TrainedParts {
  readonly test: 'combined';
  readonly components: readonly Component[];
  /** Distance up to which all rows count as near: such distances decide nothing. */
  readonly nearEnough: number;
}

/**
 * Shares of the components (docs/adr/0040). A stuck sensor shows in high density alone, a single
 * wrong value in its extremeness or in low density.
 */
export const componentShares: Readonly<Record<TestComponent, number>> = {
  low_density: 0.06,
  high_density: 0.73,
  extreme_latent: 0.02,
  extreme_value: 0.17,
  distant: 0.02,
};

/**
 * p-values by low density up to which a row is taken through the second stage: beyond them, its
 * score there is 0, in calibration as in scoring.
 */
export const gates = { stage: 0.25, distance: 0.1 } as const;

/** Statistic that decides in place of −log p. */
export type Statistic = CombinedStatistic | OutlyingStatistic;
