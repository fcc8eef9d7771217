import { DOMAIN_TOLERANCE } from '../tolerance.ts';
import type { Transform } from './transform.ts';

/** The share of the positive training values that the shift keeps apart from zero. */
const SHIFT_QUANTILE = 0.01;
/** The shift of a column of zeros, which has no scale: every value above is infinitely larger. */
const NO_SCALE = 2 ** -1022;

/** Parameters of {@link positive}. */
export interface PositiveParameters {
  /** c ≥ 0. */
  readonly shift: number;
  /** Stands for what is not positive where c = 0. */
  readonly floor: number;
  /** Down to minus this a value counts as 0. */
  readonly tolerance: number;
}

/**
 * y = log(x + c): a positive column. log|det| = −y. Domain: x ≥ 0 where c > 0, x > 0 where c = 0 (then `floor` stands for what
 * is not positive); a hair below 0 is 0. Support: x > −c; what the flow puts below 0 is given to no value.
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
 * Chooses c on training values: 0 when none of them is 0 (a plain log, on which small values are as far away as large ones),
 * else half the 1 % quantile of the positive ones, so that zero is the lowest value and not an extreme one.
 * @param sorted the training values that are ≥ 0, ascending.
 */
export function fitPositive(sorted: Float64Array): Transform {
  const tolerance = positiveTolerance(sorted);
  const firstPositive = sorted.findIndex((value) => value > 0);
  if (firstPositive === -1) return positive({ shift: NO_SCALE, floor: 0, tolerance });
  const smallest = sorted[firstPositive] ?? 1;
  if (firstPositive === 0) return positive({ shift: 0, floor: smallest, tolerance });
  const quantile = sorted[firstPositive + Math.floor(SHIFT_QUANTILE * (sorted.length - firstPositive))] ?? smallest;
  return positive({ shift: Math.max(quantile / 2, NO_SCALE), floor: 0, tolerance });
}

/**
 * How far below 0 a value of a column is a hair: relative to the median of its positive values; to 1 where none is positive,
 * and nothing is known of its unit.
 * @param sorted ascending.
 */
export function positiveTolerance(sorted: Float64Array): number {
  const positives = sorted.subarray(sorted.findLastIndex((value) => value <= 0) + 1);
  return DOMAIN_TOLERANCE * (positives[positives.length >> 1] ?? 1);
}
