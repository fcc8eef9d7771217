import type { Random } from '@flowline/flows';
import { fitCalibration, pValueOf, type Calibration, type PValue } from './calibration.ts';

/** A missing pattern with fewer calibration rows is judged by all rows together. */
export const patternCalibrationRows = 1_000;

/** The calibrations of a model: of all rows, and of each combination of missing features that has rows enough. */
export interface CalibrationSet {
  readonly pooled: Calibration;
  /** By missing pattern, ascending. */
  readonly byPattern: ReadonlyMap<number, Calibration>;
}

/** A p-value, and whether it comes from rows with other missing features than the event's. */
export interface PatternPValue extends PValue {
  readonly pooled: boolean;
}

/**
 * Calibrates scores by missing pattern where one has at least 1,000 rows, and all together. A density over fewer features is a
 * density on another scale, so their scores do not compare.
 *
 * @throws FlowlineError as {@link fitCalibration} does.
 */
export function fitCalibrationSet(scores: Float64Array, patterns: Int32Array, random: Random): CalibrationSet {
  const pooled = fitCalibration(scores, random.fork('pooled'));
  const counts = new Map<number, number>();
  for (const pattern of patterns) counts.set(pattern, (counts.get(pattern) ?? 0) + 1);
  const byPattern = [...counts]
    .filter(([, rows]) => rows >= patternCalibrationRows || rows === scores.length)
    .sort(([a], [b]) => a - b)
    .map(([pattern, rows]): [number, Calibration] => {
      if (rows === scores.length) return [pattern, pooled];
      const own = scores.filter((_, row) => patterns[row] === pattern);
      return [pattern, fitCalibration(own, random.fork(`pattern ${pattern}`))];
    });
  return { pooled, byPattern: new Map(byPattern) };
}

/** The p-value of a score s = −log p of an event with that missing pattern. */
export function patternPValue(set: CalibrationSet, score: number, pattern: number): PatternPValue {
  const own = set.byPattern.get(pattern);
  const { p, method } = pValueOf(own ?? set.pooled, score);
  return { p, method, pooled: own === undefined };
}
