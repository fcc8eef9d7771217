import { at } from '../at.ts';

/**
 * Reciprocal of the normal distribution's upper quartile, 0.6745: 1.4826·(median − Q1) estimates a
 * standard deviation.
 */
const NORMAL_QUARTILE_RATIO = 1.4826;
const DEVIATIONS = 3;
const SLACK_NATS = 0.5;

/** Outliers are at most this share of the rows; a larger group is a separate population. */
const LARGEST_OUTLIER_SHARE = 0.1;

/** {@link outlierThresholdOfSorted} of values in any order; values not finite rank lowest. */
export function outlierThreshold(logP: Float32Array | Float64Array): number {
  return outlierThresholdOfSorted(
    Float64Array.from(logP, (value) => (Number.isFinite(value) ? value : -Number.MAX_VALUE)).sort(),
  );
}

/**
 * Threshold of log p below which a row counts as an outlier: median − 3·1.4826·(median − Q1) − 0.5.
 * If more than a tenth of the rows lies below it, those rows are a separate population (the
 * non-zero rows of a column of zeros, say), and the rule is applied to them in turn.
 * @param sorted finite values of log p, ascending.
 */
export function outlierThresholdOfSorted(sorted: Float64Array): number {
  let rows = sorted;
  for (;;) {
    const median = at(rows, Math.floor(rows.length / 2));
    const firstQuartile = at(rows, Math.floor(rows.length / 4));
    const threshold = median - DEVIATIONS * NORMAL_QUARTILE_RATIO * (median - firstQuartile) - SLACK_NATS;
    const beyond = rows.findIndex((value) => value >= threshold);
    if (beyond <= LARGEST_OUTLIER_SHARE * sorted.length) return threshold;
    rows = rows.subarray(0, beyond);
  }
}

/** Mean negative log-likelihood, with every log p below the threshold replaced by the threshold. */
export function winsorisedNll(logP: Float32Array): number {
  const threshold = outlierThreshold(logP);
  return -logP.reduce((sum, value) => sum + (value >= threshold ? value : threshold), 0) / logP.length;
}

/** Mean negative log-likelihood. */
export function meanNll(logP: Float32Array): number {
  return -logP.reduce((sum, value) => sum + value, 0) / logP.length;
}

/**
 * Weights of the rows in the loss, which sum to 1: equal, except 0 for the outliers of the batch.
 */
export function rowWeights(logP: Float32Array, robust: boolean): { weights: Float32Array; kept: number } {
  const threshold = robust ? outlierThreshold(logP) : -Infinity;
  const keeps = (value: number) => !robust || value >= threshold;
  const kept = logP.reduce((count, value) => count + (keeps(value) ? 1 : 0), 0);
  return { weights: logP.map((value) => (keeps(value) ? 1 / kept : 0)), kept };
}

/** Loss of rows: Σ −w log p over those with weight. */
export function weightedNll(logP: Float32Array, weights: Float32Array): number {
  return -logP.reduce((sum, value, i) => (weights[i] === 0 ? sum : sum + value * at(weights, i)), 0);
}
