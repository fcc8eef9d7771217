import { valueAt } from '../sorted.ts';

/** Mean of paired differences of log p on the same rows, in nats. */
export interface PairedNats {
  readonly rows: number;
  /** Mean of log p of the one − log p of the other, each difference clipped to ±5. */
  readonly mean: number;
  /** From the means of batches of consecutive rows, which may depend on each other. */
  readonly standardError: number;
}

/** Differences are clipped so that no single absurd row decides. */
const CLIP_NATS = 5;
/** Batches of consecutive rows, from whose means the standard error is estimated. */
const BATCHES = 20;

/** Compares the log-likelihoods of two models on the same rows, which are in the order of time. */
export function pairedNats(one: Float64Array, other: Float64Array): PairedNats {
  const differences = one.map((logP, row) => clipped(logP, valueAt(other, row)));
  const rows = differences.length;
  const mean = differences.reduce((sum, difference) => sum + difference / rows, 0);
  return { rows, mean, standardError: standardErrorOf(differences, mean) };
}

/**
 * Standard error of a mean of consecutive values: that of independent ones, or by the means of 20
 * batches if that is more (Geyer 1992).
 */
function standardErrorOf(values: Float64Array, mean: number): number {
  const squared = (of: Float64Array): number => of.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const independent = squared(values) / (values.length - 1) / values.length;
  const size = Math.floor(values.length / BATCHES);
  if (size < 2) return Math.sqrt(independent);
  const means = Float64Array.from({ length: BATCHES }, (_, batch) =>
    values.subarray(batch * size, (batch + 1) * size).reduce((sum, value) => sum + value / size, 0),
  );
  return Math.sqrt(Math.max(independent, squared(means) / (BATCHES - 1) / BATCHES));
}

/** one − other, clipped to ±5. It is 0 if undefined, as when both are −Infinity. */
function clipped(one: number, other: number): number {
  const difference = one - other;
  return Number.isNaN(difference) ? 0 : Math.max(-CLIP_NATS, Math.min(CLIP_NATS, difference));
}
