import { at } from '@flowline/events';

import { DRIFT_EVIDENCE, driftEvidence, HISTOGRAM_CELLS, histogramOf, type Uniform } from './drift-evidence.ts';
import { independentValues } from './independent-values.ts';

/** Comparison of the p-values of a day with those of earlier days. */
export interface DayDrift {
  /** Number of p-values compared. */
  readonly compared: number;
  /** Distance between two of them in the series. */
  readonly stride: number;
  /** Decimal logarithm of the evidence that they are drawn otherwise; 0 without earlier days. */
  readonly evidence: number;
  readonly drifted: boolean;
  /** Counts of the compared p-values, for the reference of later days. */
  readonly histogram: Float64Array;
}

/**
 * Compares the p-values of a day, in the order of the stream, with the histograms of earlier days.
 * They are thinned until they are nearly independent, and their ranks among the earlier ones are
 * tested for uniformity: see {@link driftEvidence}.
 */
export function driftOfDay(
  pValues: Float64Array,
  reference: readonly (readonly number[])[],
  random: Uniform,
): DayDrift {
  const { values, stride } = independentValues(pValues);
  const counts = Float64Array.from({ length: HISTOGRAM_CELLS }, (_, cell) =>
    reference.reduce((sum, histogram) => sum + at(histogram, cell), 0),
  );
  const evidence = driftEvidence(counts, values, random);
  return {
    compared: values.length,
    stride,
    evidence,
    drifted: evidence >= DRIFT_EVIDENCE,
    histogram: histogramOf(values),
  };
}
