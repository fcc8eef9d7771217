/** (median − Q1) / 0.6745 estimates a standard deviation; 1.4826 is the reciprocal of the normal's quartile. */
const NORMAL_QUARTILE_RATIO = 1.4826;
const DEVIATIONS = 3;
const SLACK_NATS = 0.5;

/** A larger share of the rows is no accident: it is a kind of rows of its own. */
const LARGEST_OUTLIER_SHARE = 0.1;

/**
 * The log p below which a row counts as an outlier: median − 3·1.4826·(median − Q1) − 0.5, with −∞ and
 * NaN as the worst. Where more than a tenth of the rows lies below it, those rows are a kind of their
 * own (the non-zero ones of a column of zeros, say), and the rule is applied to them in turn.
 */
export function outlierThreshold(logP: Float32Array | Float64Array): number {
  let rows = Float64Array.from(logP, (value) => (Number.isFinite(value) ? value : -Number.MAX_VALUE)).sort();
  for (;;) {
    const median = rows[Math.floor(rows.length / 2)] ?? 0;
    const firstQuartile = rows[Math.floor(rows.length / 4)] ?? 0;
    const threshold = median - DEVIATIONS * NORMAL_QUARTILE_RATIO * (median - firstQuartile) - SLACK_NATS;
    const beyond = rows.findIndex((value) => value >= threshold);
    if (beyond <= LARGEST_OUTLIER_SHARE * logP.length) return threshold;
    rows = rows.subarray(0, beyond);
  }
}

/** Mean negative log-likelihood with every log p below the threshold counted as the threshold. */
export function winsorisedNll(logP: Float32Array): number {
  const threshold = outlierThreshold(logP);
  return -logP.reduce((sum, value) => sum + (value >= threshold ? value : threshold), 0) / logP.length;
}

/** Mean negative log-likelihood. */
export function meanNll(logP: Float32Array): number {
  return -logP.reduce((sum, value) => sum + value, 0) / logP.length;
}

/** The weight of each row in the loss, adding up to 1: equal ones, or 0 for the outliers of the batch. */
export function rowWeights(logP: Float32Array, robust: boolean): { weights: Float32Array; kept: number } {
  const threshold = robust ? outlierThreshold(logP) : -Infinity;
  const keeps = (value: number) => !robust || value >= threshold;
  const kept = logP.reduce((count, value) => count + (keeps(value) ? 1 : 0), 0);
  return { weights: logP.map((value) => (keeps(value) ? 1 / kept : 0)), kept };
}
