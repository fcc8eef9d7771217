import { at } from '@flowline/events';
/**
 * Maximum error of a compiled backend against the float64 reference, in nats: 1e-4 + 2e-6·|log p|.
 * Far from the data log p is a large sum of squares, of which float32 keeps seven digits.
 */
export const toleranceOf = (logP: number): number => 1e-4 + 2e-6 * Math.abs(logP);

/**
 * Error of log p that the rounding of a row alone can cause: Σ |x_i·∂ log p/∂x_i|·2⁻²⁴ for the row,
 * and as much again for each of some twenty roundings on the way. Trained densities are smooth
 * enough for {@link toleranceOf} alone. A random map may be chaotic (slopes of 10⁶), and then no
 * float32 program can meet it, whatever its order of operations.
 */
export const conditionOf = (row: ArrayLike<number>, gradient: Float64Array): number =>
  ROUNDINGS * 2 ** -24 * gradient.reduce((sum, slope, i) => sum + Math.abs(slope) * (1 + Math.abs(at(row, i))), 0);

const ROUNDINGS = 20;

/**
 * Error |score − exact| in units of the tolerance. 0 if both are the same infinity or NaN, or if
 * `exact` is below the range of float32 and the score is −Infinity.
 */
export const errorInTolerances = (score: number, exact: number): number => {
  if (Object.is(score, exact)) return 0;
  if (score === -Infinity && exact < -LARGEST_FLOAT32) return 0;
  const error = Math.abs(score - exact) / toleranceOf(exact);
  return Number.isNaN(error) ? Infinity : error;
};

const LARGEST_FLOAT32 = 3.4e38;
