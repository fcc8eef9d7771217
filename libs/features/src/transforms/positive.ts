import type { Transform } from './transform.ts';

/** The share of the positive training values that the shift keeps apart from zero. */
const SHIFT_QUANTILE = 0.01;

/**
 * y = log(x + c): a positive column. log|det| = −y. Domain: x ≥ 0 where c > 0, x > 0 where c = 0 (then `floor` stands for what
 * is not positive). Support: x > −c; what the flow puts below 0 is given to no value.
 */
export const positive = (shift: number, floor: number): Transform => {
  const accepts = shift > 0 ? (value: number) => value >= 0 : (value: number) => value > 0;
  return {
    config: { type: 'positive', shift, floor },
    bounds: [shift > 0 ? 0 : Number.MIN_VALUE, Number.MAX_VALUE],
    accepts,
    nearest: (value) => (accepts(value) ? value : floor),
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
  const firstPositive = sorted.findIndex((value) => value > 0);
  if (firstPositive === -1) return positive(1, 0);
  const smallest = sorted[firstPositive] ?? 1;
  if (firstPositive === 0) return positive(0, smallest);
  const quantile = sorted[firstPositive + Math.floor(SHIFT_QUANTILE * (sorted.length - firstPositive))] ?? smallest;
  return positive(Math.max(quantile / 2, Number.MIN_VALUE), 0);
}
