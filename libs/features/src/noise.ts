import { at, atOnce, blocksOf, missing, type Steps } from '@flowline/events';

/**
 * Limits of the training noise per dimension, in standard deviations of the column
 * (docs/reference/features.md).
 */
const LEAST_NOISE = 0.1;
const LARGEST_NOISE = 0.5;
/**
 * Limits for a discrete column: at most this many distinct values, or this share of its rows, and
 * under half of its rows.
 */
const DISCRETE_VALUES = 100;
const DISCRETE_SHARE = 0.02;

/**
 * σ of the Gaussian training noise of a column. It is 0.1. On a discrete column (1 < distinct ≤
 * max(100, 2 % of n), < n/2) it is half the median gap between neighbouring values, within [0.1,
 * 0.5], so that the flow does not collapse onto single values.
 * @param sorted the column in standardised units, ascending.
 */
export const noiseScale = (sorted: Float64Array): number => atOnce(noiseScaleSteps(sorted, (value) => value));

/** {@link noiseScale} in steps, of a column whose values `standardised` maps. */
export function* noiseScaleSteps(sorted: Float64Array, standardised: (value: number) => number): Steps<number> {
  const n = sorted.length;
  const most = Math.max(DISCRETE_VALUES, DISCRETE_SHARE * n);
  const gaps: number[] = [];
  let previous = NaN;
  for (const [start, end] of blocksOf(n)) {
    previous = addGaps(sorted.subarray(start, end), standardised, previous, gaps);
    if (gaps.length >= most) return LEAST_NOISE;
    yield;
  }
  const distinct = gaps.length + 1;
  const discrete = distinct > 1 && distinct <= most && distinct < n / 2;
  return discrete ? Math.max(LEAST_NOISE, Math.min(LARGEST_NOISE, median(gaps) / 2)) : LEAST_NOISE;
}

/** Adds the gaps between a value and the next ones, where these differ. Returns the last value. */
function addGaps(
  sorted: Float64Array,
  standardised: (value: number) => number,
  before: number,
  gaps: number[],
): number {
  let previous = before;
  for (let i = 0; i < sorted.length; i++) {
    const value = standardised(sorted[i] ?? missing(sorted, i));
    if (value > previous) gaps.push(value - previous);
    previous = value;
  }
  return previous;
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  const middle = values.length >> 1;
  const upper = at(values, middle);
  return values.length % 2 === 1 ? upper : (at(values, middle - 1) + upper) / 2;
}
