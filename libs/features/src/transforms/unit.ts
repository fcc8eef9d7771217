import { at, atOnce, type Steps } from '@flowline/events';
import { mapNumbers } from '../map-numbers.ts';
import { sortNumbers } from '../sort-numbers.ts';
import { DOMAIN_TOLERANCE } from '../tolerance.ts';
import type { Transform } from './transform.ts';

/** ε if no training value is 0 or 1: the ends stay very far out, and finite. */
const LEAST_EPSILON = 1e-6;
const LARGEST_EPSILON = 1e-2;
/** Largest distance from an end that counts as rounding. */
const ROUNDING = 8 * Number.EPSILON;
/**
 * Quantile of the training values inside (0, 1) that sets ε, which separates them from the ends.
 */
const EPSILON_QUANTILE = 0.01;

/** True if a number lies in [0, 1], within tolerance. */
export const isShare = (value: number): boolean => value >= -DOMAIN_TOLERANCE && value <= 1 + DOMAIN_TOLERANCE;

/**
 * y = logit(u), u = ε + (1 − 2ε)x: a column of [0, 1], including its ends and values within
 * tolerance of them. log|det| = log(1 − 2ε) − log u − log(1 − u). Support: 0 < u < 1, which exceeds
 * [0, 1] by ε/(1 − 2ε) on both sides. Density that the flow assigns there belongs to no value.
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
 * Fits ε to training values. It is 1e-6 if none of them is 0 or 1 (up to rounding). Otherwise it is
 * half the 1 % quantile of the distances of the values inside to the nearer end, within [1e-6,
 * 0.01], so that an end is the outermost value and not an extreme one.
 * @param values training values within [0, 1].
 */
export const fitUnit = (values: Float64Array): Transform => atOnce(fitUnitSteps(values));

/** {@link fitUnit} in steps. */
export function* fitUnitSteps(values: Float64Array): Steps<Transform> {
  const distances = yield* sortNumbers(yield* mapNumbers(values, (value) => Math.min(value, 1 - value)));
  const inside = distances.findIndex((distance) => distance > ROUNDING);
  if (inside === 0) return unit(LEAST_EPSILON);
  if (inside === -1) return unit(LARGEST_EPSILON);
  const quantile = at(distances, inside + Math.floor(EPSILON_QUANTILE * (distances.length - inside)));
  return unit(Math.min(LARGEST_EPSILON, Math.max(LEAST_EPSILON, quantile / 2)));
}
