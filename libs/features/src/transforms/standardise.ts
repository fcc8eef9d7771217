/** y ↦ (y − mean)/std: the last step of every numeric column. */
export interface Standardisation {
  readonly mean: number;
  /** Standard deviation of the training rows; of a constant column, what counts as one. */
  readonly std: number;
}

/** (y − mean)/std; log|det| = −log std. */
export const standardise = ({ mean, std }: Standardisation, y: number): number => (y - mean) / std;

/** The inverse of {@link standardise}. */
export const unstandardise = ({ mean, std }: Standardisation, encoded: number): number => mean + std * encoded;

/** The std of a constant column that has no scale: whatever is not the constant is infinitely far. */
export const NO_SCALE = 2 ** -1022;

/**
 * Mean and standard deviation of a column that varies, in float64 without the loss of digits on large, close numbers; at least
 * {@link NO_SCALE}.
 * @param values finite, at least one, any order.
 * @param dequantisation width of the uniform noise that is added in training: its variance, width²/12, belongs to the column.
 */
export function fitStandardisation(values: Float64Array, dequantisation = 0): Standardisation {
  const first = values[0] ?? 0;
  // Deviations from the first value: a mean of large, close numbers loses no digits.
  let sum = 0;
  let largest = 0;
  for (const value of values) {
    sum += (value - first) / values.length;
    largest = Math.max(largest, Math.abs(value - first));
  }
  const mean = first + sum;
  // In units of the largest deviation, whose square may underflow or overflow.
  let variance = 0;
  for (const value of values) variance += ((value - mean) / (largest || 1)) ** 2 / values.length;
  const std = Math.hypot(largest * Math.sqrt(variance), dequantisation / Math.sqrt(12));
  return { mean, std: Math.max(std, NO_SCALE) };
}
