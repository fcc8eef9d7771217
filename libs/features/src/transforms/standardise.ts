/** y ↦ (y − mean)/std: the last step of every numeric column. */
export interface Standardisation {
  readonly mean: number;
  /** Standard deviation; 1 for a constant column. */
  readonly std: number;
}

/** (y − mean)/std; log|det| = −log std. */
export const standardise = ({ mean, std }: Standardisation, y: number): number => (y - mean) / std;

/** The inverse of {@link standardise}. */
export const unstandardise = ({ mean, std }: Standardisation, encoded: number): number => mean + std * encoded;

/**
 * Fits the mean and standard deviation of a column; a constant or empty one keeps std 1.
 * @param values finite, any order.
 * @param dequantisation width of the uniform noise that is added in training: its variance, width²/12, belongs to the column.
 */
export function fitStandardisation(values: Float64Array, dequantisation = 0): Standardisation {
  const first = values[0];
  if (first === undefined) return { mean: 0, std: 1 };
  if (values.every((value) => value === first)) return { mean: first, std: 1 };
  // Deviations from the first value: a mean of large, close numbers loses no digits.
  let sum = 0;
  for (const value of values) sum += (value - first) / values.length;
  const mean = first + sum;
  let variance = 0;
  for (const value of values) variance += ((value - mean) * (value - mean)) / values.length;
  const std = Math.sqrt(variance + (dequantisation * dequantisation) / 12);
  return { mean, std: std > 0 ? std : 1 };
}
