/**
 * How far a compiled backend may be from the float64 reference, in nats: 1e-4 + 2e-6·|log p|. Far from the data log p is a
 * large sum of squares, and float32 keeps seven digits of it.
 */
export const toleranceOf = (logP: number): number => 1e-4 + 2e-6 * Math.abs(logP);

/**
 * How far off the rounding of a row alone may put log p: Σ |x_i·∂ log p/∂x_i|·2⁻²⁴ for the row, and as much again for each of
 * some twenty roundings on the way. Trained densities are smooth enough for {@link toleranceOf} alone; a random map may be
 * chaotic (slopes of 10⁶), and then no program that computes in float32 can meet it, whatever its order of operations.
 */
export const conditionOf = (row: ArrayLike<number>, gradient: Float64Array): number =>
  ROUNDINGS * 2 ** -24 * gradient.reduce((sum, slope, i) => sum + Math.abs(slope) * (1 + Math.abs(row[i] ?? 0)), 0);

const ROUNDINGS = 20;

/** |score − exact| in units of the tolerance; 0 where both are the same infinity or NaN, or float32 has no number for it. */
export const errorInTolerances = (score: number, exact: number): number => {
  if (Object.is(score, exact)) return 0;
  if (score === -Infinity && exact < -LARGEST_FLOAT32) return 0;
  const error = Math.abs(score - exact) / toleranceOf(exact);
  return Number.isNaN(error) ? Infinity : error;
};

const LARGEST_FLOAT32 = 3.4e38;
