import type { TestComponent } from '@flowline/events';

import type { CalibrationSet } from '../calibration/calibration-set.ts';
import type { NearestRows } from './nearest-rows.ts';
import type { OutlyingStatistic } from './outlying.ts';

/** Component of a combined statistic, calibrated on its own. */
export interface Component {
  readonly name: TestComponent;
  /** Weight of its p-value in the join: the smallest p/share decides. */
  readonly share: number;
  readonly calibration: CalibrationSet;
}

/**
 * Combined statistic: from an event to s = −log min p_k / share_k over its components. It is a
 * score like −log p, which the calibration of the model turns into a p-value.
 */
export interface CombinedStatistic {
  readonly test: 'combined';
  readonly components: readonly Component[];
  /** Usual size of ∂ log p / ∂ x per dimension, by which gradients are told from extreme ones. */
  readonly gradientScales: Float64Array;
  /** Training rows from which distances are measured; null without the component `distant`. */
  readonly history: NearestRows | null;
  /** Distance up to which all rows count as near: such distances decide nothing. */
  readonly nearEnough: number;
}

/**
 * Shares of the components (docs/adr/0040). A stuck sensor shows in high density alone, a single
 * wrong value in its extremeness or in low density.
 */
export const componentShares: Readonly<Record<TestComponent, number>> = {
  low_density: 0.12,
  high_density: 0.5,
  extreme_latent: 0.04,
  extreme_value: 0.3,
  distant: 0.04,
};

/**
 * p-values by low density up to which a row is taken through the second stage: beyond them, its
 * score there is 0, in calibration as in scoring.
 */
export const gates = { latents: 0.25, distance: 0.1 } as const;

/** Statistic that decides in place of −log p. */
export type Statistic = CombinedStatistic | OutlyingStatistic;
