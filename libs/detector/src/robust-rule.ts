import { valueAt } from './sorted.ts';

/**
 * The log density below which a row of unlabelled data is left out: median − 3·1.4826·(median − Q1) − 0.5, the rule of the robust
 * loss that the model was trained with. (median − Q1)·1.4826 estimates a standard deviation from the side without the outliers' pull.
 */
export function robustThreshold(logDensityNats: Float64Array): number {
  const sorted = Float64Array.from(logDensityNats).sort();
  const median = valueAt(sorted, Math.floor(sorted.length / 2));
  const firstQuartile = valueAt(sorted, Math.floor(sorted.length / 4));
  return median - 3 * 1.4826 * (median - firstQuartile) - 0.5;
}
