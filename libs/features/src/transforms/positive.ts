import { at } from '@flowline/events';
import { DOMAIN_TOLERANCE } from '../tolerance.ts';
import type { Transform } from './transform.ts';

/** Quantile of the positive training values that sets the shift, which separates them from zero. */
const SHIFT_QUANTILE = 0.01;
/** Shift of a column of zeros. It has no scale: every value above 0 is infinitely larger. */
const NO_SCALE = 2 ** -1022;

/** Parameters of {@link positive}. */
export interface PositiveParameters {
  /** Shift c ≥ 0. */
  readonly shift: number;
  /** Replacement for values that are not positive, if c = 0. */
  readonly floor: number;
  /** Tolerance below 0: values down to −tolerance count as 0. */
  readonly tolerance: number;
}

/**
 * y = log(x + c): a positive column. log|det| = −y. Domain: x ≥ 0 if c > 0, with values within
 * tolerance below 0 counted as 0; x > 0 if c = 0, with `floor` in place of other values. Support: x
 * > −c. Density that the flow assigns below 0 belongs to no value.
 */
export const positive = ({ shift, floor, tolerance }: PositiveParameters): Transform => {
  const accepts = shift > 0 ? (value: number) => value >= -tolerance : (value: number) => value > 0;
  const nearest =
    shift > 0 ? (value: number) => (value > 0 ? value : 0) : (value: number) => (value > 0 ? value : floor);
  return {
    config: { type: 'positive', shift, floor, tolerance },
    bounds: [shift > 0 ? 0 : Number.MIN_VALUE, Number.MAX_VALUE],
    accepts,
    nearest,
    forward: (value) => Math.log(value + shift),
    inverse: (y) => Math.exp(y) - shift,
    logAbsDet: (_value, y) => -y,
  };
};

/**
 * Fits c to training values. It is 0 if none of them is 0: a plain log, on which small values are
 * as far away as large ones. Otherwise it is half the 1 % quantile of the positive values, so that
 * zero is the lowest value and not an extreme one.
 * @param sorted training values ≥ 0, ascending.
 */
export function fitPositive(sorted: Float64Array): Transform {
  const tolerance = positiveTolerance(sorted);
  const firstPositive = countUpTo(sorted, 0);
  if (firstPositive === sorted.length) return positive({ shift: NO_SCALE, floor: 0, tolerance });
  const smallest = at(sorted, firstPositive);
  if (firstPositive === 0) return positive({ shift: 0, floor: smallest, tolerance });
  const quantile = at(sorted, firstPositive + Math.floor(SHIFT_QUANTILE * (sorted.length - firstPositive)));
  return positive({ shift: Math.max(quantile / 2, NO_SCALE), floor: 0, tolerance });
}

/**
 * Tolerance below 0 of a column, relative to the median of its positive values. If none is
 * positive, its unit is unknown, and the tolerance is relative to 1.
 * @param sorted training values, ascending.
 */
export function positiveTolerance(sorted: Float64Array): number {
  const positives = sorted.subarray(countUpTo(sorted, 0));
  return DOMAIN_TOLERANCE * (positives.at(positives.length >> 1) ?? 1);
}

/** Number of values up to a limit among ascending ones. */
function countUpTo(sorted: Float64Array, limit: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (at(sorted, middle) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
