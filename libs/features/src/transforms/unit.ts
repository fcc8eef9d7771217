import { DOMAIN_TOLERANCE } from '../tolerance.ts';
import type { Transform } from './transform.ts';

/** Where no training value is 0 or 1: the ends stay very far out, and finite. */
const LEAST_EPSILON = 1e-6;
const LARGEST_EPSILON = 1e-2;
/** So close to an end, a value differs from it by rounding alone. */
const ROUNDING = 8 * Number.EPSILON;
/** The share of the training values inside (0, 1) that ε keeps apart from the ends. */
const EPSILON_QUANTILE = 0.01;

/** Whether a number lies in [0, 1], but for a hair. */
export const isShare = (value: number): boolean => value >= -DOMAIN_TOLERANCE && value <= 1 + DOMAIN_TOLERANCE;

/**
 * y = logit(u), u = ε + (1 − 2ε)x: a column of [0, 1], ends and a hair beyond them included. log|det| = log(1 − 2ε) − log u − log(1 − u).
 * Support: 0 < u < 1, which is wider than [0, 1] by ε/(1 − 2ε) on both sides; what the flow puts there is given to no value.
 */
export const unit = (epsilon: number): Transform => {
  const slope = 1 - 2 * epsilon;
  const logSlope = Math.log(slope);
  return {
    config: { type: 'unit', epsilon },
    bounds: [0, 1],
    accepts: isShare,
    nearest: (value) => Math.min(1, Math.max(0, value)),
    forward: (value) => {
      const u = epsilon + slope * value;
      return Math.log(u) - Math.log1p(-u);
    },
    inverse: (y) => (1 / (1 + Math.exp(-y)) - epsilon) / slope,
    // −log u − log(1 − u) = |y| + 2·log(1 + e^−|y|), which does not cancel near the ends.
    logAbsDet: (_value, y) => logSlope + Math.abs(y) + 2 * Math.log1p(Math.exp(-Math.abs(y))),
  };
};

/**
 * Chooses ε on training values: 1e-6 when none of them is 0 or 1 (but for rounding), else half the 1 % quantile of the distances to the nearer
 * end (of the values inside), within [1e-6, 0.01], so that an end is the outermost value and not an extreme one.
 * @param values the training values within [0, 1].
 */
export function fitUnit(values: Float64Array): Transform {
  const distances = values.map((value) => Math.min(value, 1 - value)).sort();
  const inside = distances.findIndex((distance) => distance > ROUNDING);
  if (inside === 0) return unit(LEAST_EPSILON);
  if (inside === -1) return unit(LARGEST_EPSILON);
  const quantile = distances[inside + Math.floor(EPSILON_QUANTILE * (distances.length - inside))] ?? 0;
  return unit(Math.min(LARGEST_EPSILON, Math.max(LEAST_EPSILON, quantile / 2)));
}
