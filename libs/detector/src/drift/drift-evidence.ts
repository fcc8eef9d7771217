import { at } from '@flowline/events';

import { UniformityMartingale } from './uniformity-martingale.ts';

/** Cells of a histogram of values in [0, 1]. */
export const HISTOGRAM_CELLS = 128;
/**
 * Evidence from which a day has drifted: of days that have not, at most one in 10,000 reaches it.
 */
export const DRIFT_EVIDENCE = 4;

/** Source of uniform random numbers in [0, 1). */
export interface Uniform {
  uniform(): number;
}

/** Histogram of values in [0, 1]. */
export function histogramOf(values: Float64Array): Float64Array {
  const counts = new Float64Array(HISTOGRAM_CELLS);
  for (const value of values) counts[cellOf(value)] = at(counts, cellOf(value)) + 1;
  return counts;
}

/**
 * Evidence, as a decimal logarithm, that the values of a day are not drawn like those of a
 * reference: the largest capital of a {@link UniformityMartingale} over the ranks of the values
 * among the reference and the values of the day before them, ties broken at random. The ranks are
 * uniform whatever the distribution, so that a calibration that is off by a little does not count.
 * Evidence of {@link DRIFT_EVIDENCE} comes up by chance in at most 1 of 10,000 days. 0 without a
 * reference.
 */
export function driftEvidence(reference: Float64Array, day: Float64Array, random: Uniform): number {
  const counts = reference.slice();
  let total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return 0;
  const martingale = new UniformityMartingale();
  for (const value of day) {
    const cell = cellOf(value);
    let below = 0;
    for (let i = 0; i < cell; i++) below += at(counts, i);
    martingale.add((below + (1 - random.uniform()) * (at(counts, cell) + 1)) / (total + 1 + Number.EPSILON));
    counts[cell] = at(counts, cell) + 1;
    total++;
  }
  return martingale.evidence;
}

const cellOf = (value: number): number => Math.min(HISTOGRAM_CELLS - 1, Math.floor(value * HISTOGRAM_CELLS));
