import { atOnce, blocksOf, missing, type Steps } from '@flowline/events';

/** y ↦ (y − mean)/std, the last step of every numeric column. */
export interface Standardisation {
  readonly mean: number;
  /**
   * Standard deviation of the training rows; for a constant column, the deviation assigned to it.
   */
  readonly std: number;
}

/** (y − mean)/std; log|det| = −log std. */
export const standardise = ({ mean, std }: Standardisation, y: number): number => (y - mean) / std;

/** Inverse of {@link standardise}. */
export const unstandardise = ({ mean, std }: Standardisation, encoded: number): number => mean + std * encoded;

/**
 * Standard deviation of a constant column without a scale: any other value is infinitely far away.
 */
export const NO_SCALE = 2 ** -1022;

/**
 * Fits mean and standard deviation to a column that varies, in float64 and without loss of digits
 * for large, close numbers. The deviation is at least {@link NO_SCALE}.
 * @param values finite, at least one, in any order.
 * @param dequantisation width of the uniform noise added in training. Its variance, width²/12, is
 * part of the column's.
 */
export const fitStandardisation = (values: Float64Array, dequantisation = 0): Standardisation =>
  atOnce(fitStandardisationSteps(values, dequantisation));

/** {@link fitStandardisation} in steps. */
export function* fitStandardisationSteps(values: Float64Array, dequantisation = 0): Steps<Standardisation> {
  const first = values.at(0) ?? 0;
  // Deviations from the first value, so that a mean of large, close numbers loses no digits.
  let moments: Moments = { sum: 0, largest: 0 };
  for (const [start, end] of blocksOf(values.length)) {
    moments = addDeviations(values, start, end, first, moments);
    yield;
  }
  const { sum, largest } = moments;
  const mean = first + sum;
  // In units of the largest deviation, whose square may underflow or overflow.
  let variance = 0;
  for (const [start, end] of blocksOf(values.length)) {
    variance = addSquares(values, start, end, mean, largest || 1, variance);
    yield;
  }
  const std = Math.hypot(largest * Math.sqrt(variance), dequantisation / Math.sqrt(12));
  return { mean, std: Math.max(std, NO_SCALE) };
}

/** Mean and largest size of the deviations so far. */
interface Moments {
  readonly sum: number;
  readonly largest: number;
}

/** Adds the deviations of values of a block. */
function addDeviations(values: Float64Array, start: number, end: number, first: number, before: Moments): Moments {
  const n = values.length;
  let { sum, largest } = before;
  for (let i = start; i < end; i++) {
    const deviation = (values[i] ?? missing(values, i)) - first;
    sum += deviation / n;
    largest = Math.max(largest, Math.abs(deviation));
  }
  return { sum, largest };
}

/** Adds the mean squares of the deviations of values of a block, in some unit. */
function addSquares(
  values: Float64Array,
  start: number,
  end: number,
  mean: number,
  unit: number,
  before: number,
): number {
  const n = values.length;
  let sum = before;
  for (let i = start; i < end; i++) sum += (((values[i] ?? missing(values, i)) - mean) / unit) ** 2 / n;
  return sum;
}
