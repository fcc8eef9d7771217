import { DOMAIN_TOLERANCE, LARGE_TOLERANCE } from '../tolerance.ts';
import type { Transform } from './transform.ts';

/** True if a number is whole, within tolerance. */
export const isWhole = (value: number): boolean =>
  Math.abs(value - Math.round(value)) <= Math.max(DOMAIN_TOLERANCE, LARGE_TOLERANCE * Math.abs(value));

/**
 * y = k: an integer column, trained on k + U(−½, ½) and scored at k, where the density stands for
 * the probability of [k − ½, k + ½] (uniform dequantisation: B. Uria, I. Murray, H. Larochelle,
 * "RNADE", 2013). Domain: whole numbers, within tolerance. log|det| = 0.
 */
export const integer = (): Transform => ({
  config: { type: 'integer' },
  bounds: [-Number.MAX_VALUE, Number.MAX_VALUE],
  accepts: isWhole,
  // Adding 0 turns −0 into 0.
  nearest: (value) => Math.round(value) + 0,
  forward: (value) => value,
  inverse: (y) => y,
  logAbsDet: () => 0,
});
