import { atOnce, blocksOf, type Steps } from '@flowline/events';
import type { Random } from '@flowline/flows';

import { minimumRows } from '../minimum-rows.ts';
import { fitCalibrationSteps, pValueOf, type Calibration, type PValue } from './calibration.ts';

/**
 * Minimum number of calibration rows for a missing pattern's own calibration. With fewer, the
 * pooled one applies.
 */
const patternCalibrationRows = 1_000;

/**
 * Calibrations of a model: one of all rows, and one for each combination of missing features with
 * enough rows.
 */
export interface CalibrationSet {
  readonly pooled: Calibration;
  /** Calibration by missing pattern, ascending. */
  readonly byPattern: ReadonlyMap<number, Calibration>;
}

/** p-value, and whether it comes from rows whose missing features differ from the event's. */
export interface PatternPValue extends PValue {
  readonly pooled: boolean;
}

/**
 * Calibrates scores by missing pattern, for patterns with at least 1,000 rows, and pooled. A
 * density over fewer features is on another scale, so scores of different patterns are not
 * comparable.
 *
 * @throws FlowlineError as {@link fitCalibration} does.
 */
export const fitCalibrationSet = (scores: Float64Array, patterns: Int32Array, random: Random): CalibrationSet =>
  atOnce(fitCalibrationSetSteps(scores, patterns, random));

/** {@link fitCalibrationSet} in steps. */
export function* fitCalibrationSetSteps(
  scores: Float64Array,
  patterns: Int32Array,
  random: Random,
  leastRows: number = minimumRows.calibration,
): Steps<CalibrationSet> {
  const pooled = yield* fitCalibrationSteps(scores, random.fork('pooled'), leastRows);
  const counts = new Map<number, number>();
  for (const [start, end] of blocksOf(patterns.length)) {
    for (const pattern of patterns.subarray(start, end)) counts.set(pattern, (counts.get(pattern) ?? 0) + 1);
    yield;
  }
  const byPattern = new Map<number, Calibration>();
  const large = [...counts].filter(([, rows]) => rows >= patternCalibrationRows || rows === scores.length);
  for (const [pattern, rows] of large.sort(([a], [b]) => a - b)) {
    yield;
    const own = scores.filter((_, row) => patterns[row] === pattern);
    const isAll = rows === scores.length;
    byPattern.set(pattern, isAll ? pooled : yield* fitCalibrationSteps(own, random.fork(`pattern ${pattern}`)));
  }
  return { pooled, byPattern };
}

/** p-value of a score s = −log p of an event with this missing pattern. */
export function patternPValue(set: CalibrationSet, score: number, pattern: number): PatternPValue {
  const own = set.byPattern.get(pattern);
  const { p, method } = pValueOf(own ?? set.pooled, score);
  return { p, method, pooled: own === undefined };
}
