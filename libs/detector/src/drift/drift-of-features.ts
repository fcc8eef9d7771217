import { at } from '@flowline/events';

import { DRIFT_EVIDENCE, driftEvidence, HISTOGRAM_CELLS, histogramOf, type Uniform } from './drift-evidence.ts';
import { type FeaturePits, MISSING_PIT, type PitKind } from './feature-pits.ts';
import { independentValues } from './independent-values.ts';

/** Smaller changes of a mean PIT or of a share of missing values are not said. */
const LEAST_CHANGE = 0.05;

/** Ways in which a feature has moved, given the other features of its events or nothing. */
export const featureChanges = [
  'higher',
  'lower',
  'missing more often',
  'missing less often',
  'spread otherwise',
] as const;
export type FeatureChange = (typeof featureChanges)[number];

/** PITs of a kind of a feature on one day or several. */
export interface PitSummary {
  /** Number of PITs compared on a day. */
  readonly compared: number;
  /** Counts of the PITs in cells of [0, 1], missing values in the first. */
  readonly histogram: ArrayLike<number>;
  /** Mean of the PITs of values; null if all are missing. */
  readonly meanPit: number | null;
  readonly missingShare: number;
}

/** Comparison of the PITs of a kind of a feature on a day with those of earlier days. */
export interface FeatureDrift extends PitSummary {
  readonly feature: string;
  readonly pit: PitKind;
  readonly stride: number;
  /** Decimal logarithm of the evidence that they are drawn otherwise; 0 without earlier days. */
  readonly evidence: number;
  readonly drifted: boolean;
  /** Largest difference of the CDFs of the PITs of the day and of the earlier days. */
  readonly distance: number;
  /** Null unless it has drifted. */
  readonly change: FeatureChange | null;
}

/**
 * Evidence from which one of so many comparisons has found a drift: by chance, on at most one day
 * in 10,000 any of them reaches it (Bonferroni).
 */
const comparisonEvidence = (comparisons: number): number => DRIFT_EVIDENCE + Math.log10(Math.max(1, comparisons));

/**
 * Compares the PITs of each feature on a day, conditional and marginal, with those of the same kind
 * on earlier days, as the p-values of the day are compared: thinned until nearly independent, by a
 * martingale on ranks. The chance that any comparison finds a drift where there is none is at most
 * 1 in 10,000, however many there are. Those that have found one come first, that of the largest
 * distance before the others: if one feature is shifted, its own PITs move by more than those of
 * the features that depend on it.
 */
export function driftOfFeatures(
  pits: readonly FeaturePits[],
  earlier: ReadonlyMap<string, readonly (PitSummary & { readonly pit: PitKind })[]>,
  random: Uniform,
): readonly FeatureDrift[] {
  const least = comparisonEvidence(pits.length);
  const all = pits.map(({ feature, pit, values: series }): FeatureDrift => {
    const { values, stride } = independentValues(series);
    const own = summaryOf(values);
    const reference = sumOf((earlier.get(feature) ?? []).filter((day) => day.pit === pit));
    const evidence = driftEvidence(Float64Array.from(reference.histogram), values, random);
    const drifted = evidence >= least;
    const distance = distanceOf(own.histogram, reference.histogram);
    const change = drifted ? changeOf(own, reference) : null;
    return { feature, pit, ...own, stride, evidence, drifted, distance, change };
  });
  return all.toSorted((a, b) => Number(b.drifted) - Number(a.drifted) || b.distance - a.distance);
}

function summaryOf(values: Float64Array): PitSummary {
  const observed = values.filter((value) => value !== MISSING_PIT);
  const compared = values.length;
  return {
    compared,
    histogram: histogramOf(values),
    meanPit: observed.length === 0 ? null : observed.reduce((sum, value) => sum + value / observed.length, 0),
    missingShare: compared === 0 ? 0 : (compared - observed.length) / compared,
  };
}

/** Summary of several days taken together. */
function sumOf(days: readonly PitSummary[]): PitSummary {
  const compared = days.reduce((sum, day) => sum + day.compared, 0);
  const missing = days.reduce((sum, day) => sum + day.compared * day.missingShare, 0);
  const values = compared - missing;
  const total = days.reduce((sum, day) => sum + day.compared * (1 - day.missingShare) * (day.meanPit ?? 0), 0);
  return {
    compared,
    histogram: Float64Array.from({ length: HISTOGRAM_CELLS }, (_, cell) =>
      days.reduce((sum, { histogram }) => sum + at(histogram, cell), 0),
    ),
    meanPit: values > 0 ? total / values : null,
    missingShare: compared === 0 ? 0 : missing / compared,
  };
}

/** Largest difference of the CDFs of two histograms; 0 if one is empty. */
function distanceOf(own: ArrayLike<number>, reference: ArrayLike<number>): number {
  const totalOf = (counts: ArrayLike<number>): number => Array.from(counts).reduce((sum, count) => sum + count, 0);
  const [n, m] = [totalOf(own), totalOf(reference)];
  if (n === 0 || m === 0) return 0;
  let [difference, largest] = [0, 0];
  for (let cell = 0; cell < HISTOGRAM_CELLS; cell++) {
    difference += at(own, cell) / n - at(reference, cell) / m;
    largest = Math.max(largest, Math.abs(difference));
  }
  return largest;
}

function changeOf(own: PitSummary, reference: PitSummary): FeatureChange {
  const missing = own.missingShare - reference.missingShare;
  if (Math.abs(missing) >= LEAST_CHANGE) return missing > 0 ? 'missing more often' : 'missing less often';
  const rise = (own.meanPit ?? 0.5) - (reference.meanPit ?? 0.5);
  if (Math.abs(rise) >= LEAST_CHANGE) return rise > 0 ? 'higher' : 'lower';
  return 'spread otherwise';
}
