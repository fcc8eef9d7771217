import { at } from '../at.ts';

/** A mean and its standard error. */
export interface Estimate {
  readonly mean: number;
  readonly standardError: number;
}

/** Mean of n ≥ 2 values and its standard error √(s² / n), with the unbiased sample variance s². */
export function meanOf(values: Float64Array): Estimate {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, standardError: Math.sqrt(squares / (values.length - 1) / values.length) };
}

/** Mean of a − b over paired values, and its standard error. */
export function pairedDifference(a: Float64Array, b: Float64Array): Estimate {
  return meanOf(a.map((value, i) => value - at(b, i)));
}
