import { at } from '@flowline/events';

/** Batches whose means show how far values depend on each other. */
const BATCHES = 50;
/** Maximum values kept of a day. With so many, only differences worth mentioning are found. */
export const MAXIMUM_VALUES = 2_000;

/**
 * Variance of the mean of a series relative to that of independent values, from the means of 50
 * batches (Geyer 1992); at least 1. It counts dependence of any kind over up to a fiftieth of the
 * series: from one event to the next, between events of one entity, and by the time of the day.
 */
export function varianceInflation(values: Float64Array): number {
  const size = Math.floor(values.length / BATCHES);
  const { mean, variance } = momentsOf(values);
  if (size < 2 || variance === 0) return 1;
  const means = Float64Array.from(
    { length: BATCHES },
    (_, batch) => momentsOf(values.subarray(batch * size, (batch + 1) * size)).mean - mean,
  );
  return Math.max(1, (momentsOf(means).variance * size) / variance);
}

/** Thinned values, nearly independent of each other, and the distance between two of them. */
export interface IndependentValues {
  readonly values: Float64Array;
  readonly stride: number;
}

/**
 * Every k-th value of a series in time order: k = 2 · variance inflation − 1, rounded up, at which
 * values of an autoregressive series have a correlation of at most 2 %, or more where
 * {@link MAXIMUM_VALUES} require it.
 */
export function independentValues(series: Float64Array): IndependentValues {
  const apart = Math.ceil(2 * varianceInflation(series) - 1);
  const stride = Math.max(apart, Math.ceil(series.length / MAXIMUM_VALUES));
  const values = Float64Array.from({ length: Math.ceil(series.length / stride) }, (_, i) => at(series, i * stride));
  return { values, stride };
}

function momentsOf(values: Float64Array): { readonly mean: number; readonly variance: number } {
  const n = Math.max(1, values.length);
  const mean = values.reduce((sum, value) => sum + value / n, 0);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2 / Math.max(1, n - 1), 0);
  return { mean, variance };
}
