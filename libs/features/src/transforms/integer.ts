import type { Transform } from './transform.ts';

/**
 * y = k: an integer column, trained on k + U(−½, ½) and scored at k, where the density stands for the probability of
 * [k − ½, k + ½] (uniform dequantisation: B. Uria, I. Murray, H. Larochelle, "RNADE", 2013). Domain: whole numbers. log|det| = 0.
 */
export const integer = (): Transform => ({
  config: { type: 'integer' },
  bounds: [-Number.MAX_VALUE, Number.MAX_VALUE],
  accepts: Number.isInteger,
  // A sum with 0 has no negative zero.
  nearest: (value) => Math.round(value) + 0,
  forward: (value) => value,
  inverse: (y) => y,
  logAbsDet: () => 0,
});
