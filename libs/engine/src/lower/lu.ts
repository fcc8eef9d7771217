import { at } from '@flowline/events';

/** Minimum entry on the diagonal of U, as in LuLinear. */
const LEAST_DIAGONAL = 1e-3;

/**
 * Matrices of z = L·U·x for row vectors, [d × d], where row i belongs to input i: x·upper = U·x,
 * y·lower = L·y, x·product = L·U·x.
 */
export interface LuMatrices {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly product: Float64Array;
  /** [d] log U_ii */
  readonly logDiagonal: Float64Array;
}

/**
 * Splits the factors of an LuLinear: L below the diagonal, U above it, and the raw diagonal of U on
 * it.
 */
export const luFactors = (factors: Float64Array, d: number): LuMatrices => {
  const [lower, upper] = [new Float64Array(d * d), new Float64Array(d * d)];
  const logDiagonal = new Float64Array(d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < d; j++) {
      const value = at(factors, i * d + j);
      if (j < i) lower[j * d + i] = value;
      if (j > i) upper[j * d + i] = value;
    }
    const raw = at(factors, i * d + i);
    const diagonal = Math.max(raw, 0) + Math.log1p(Math.exp(-Math.abs(raw))) + LEAST_DIAGONAL;
    lower[i * d + i] = 1;
    upper[i * d + i] = diagonal;
    logDiagonal[i] = Math.log(diagonal);
  }
  return { lower, upper, product: multiplied(upper, lower, d), logDiagonal };
};

const multiplied = (a: Float64Array, b: Float64Array, d: number): Float64Array => {
  const product = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let k = 0; k < d; k++) {
      const factor = at(a, i * d + k);
      for (let j = 0; j < d; j++) product[i * d + j] = at(product, i * d + j) + factor * at(b, k * d + j);
    }
  }
  return product;
};
