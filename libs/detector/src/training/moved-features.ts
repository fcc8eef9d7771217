import { tableColumns, type FeatureTable } from '@flowline/features';
import type { FeatureSpec } from '@flowline/events';
import { quantileOfSorted, valueAt } from '../sorted.ts';

/** Feature whose distribution on newer rows differs from that on older rows. */
export interface MovedFeature {
  readonly feature: string;
  /**
   * Distance in 0 … 1: the largest difference of the two CDFs; for levels, half the sum of the
   * differences of shares.
   */
  readonly distance: number;
  /**
   * Centre of the older and of the newer values, in the feature's unit: the median; for a cyclic
   * feature the circular mean in [0, period); for levels the most common one. Null if none was
   * observed.
   */
  readonly before: number | string | null;
  readonly after: number | string | null;
  /** Shares of rows without a value. */
  readonly missingBefore: number;
  readonly missingAfter: number;
  /** Length of one cycle of a cyclic feature, in its unit; null for other features. */
  readonly period: number | null;
}

/** Smaller distances are not reported, however significant. */
const LEAST_DISTANCE = 0.1;
/**
 * The Kolmogorov–Smirnov distance of two samples of n and m values exceeds 1.95·√(1/n + 1/m) with
 * probability 1/1000.
 */
const SURE = 1.95;

/**
 * Features that moved between two tables of the same schema, in descending order of distance: the
 * two-sample Kolmogorov–Smirnov distance for numbers, the total variation for levels. A missing
 * value counts as a value.
 */
export function movedFeatures(
  schema: readonly FeatureSpec[],
  older: FeatureTable,
  newer: FeatureTable,
): readonly MovedFeature[] {
  if (older.size === 0 || newer.size === 0) return [];
  const least = Math.max(LEAST_DISTANCE, SURE * Math.sqrt(1 / older.size + 1 / newer.size));
  const { numeric, levels } = tableColumns(schema);
  const periods = new Map(schema.map(({ name, type, period }) => [name, type === 'cyclic' ? period : null]));
  const numbers = numeric.map((name, column) => {
    const period = periods.get(name) ?? null;
    return compareNumbers(name, period, numbersOf(older, column, period), numbersOf(newer, column, period));
  });
  const names = levels.map((name, column) => compareLevels(name, levelsOf(older, column), levelsOf(newer, column)));
  return [...numbers, ...names].filter(({ distance }) => distance >= least).sort((a, b) => b.distance - a.distance);
}

interface Observed<T> {
  readonly rows: number;
  readonly values: T;
}

/**
 * Values of a column, ascending. Those of a cyclic feature are reduced to their phase, since time
 * goes on while the cycle repeats.
 */
function numbersOf(
  { numeric, numericWidth, size }: FeatureTable,
  column: number,
  period: number | null,
): Observed<Float64Array> {
  const valueOf = (row: number): number => valueAt(numeric, row * numericWidth + column);
  const all = Float64Array.from({ length: size }, (_, row) =>
    period === null ? valueOf(row) : phaseOf(valueOf(row), period),
  );
  return { rows: size, values: all.filter((value) => !Number.isNaN(value)).sort() };
}

function levelsOf({ levels, levelWidth, size }: FeatureTable, column: number): Observed<ReadonlyMap<string, number>> {
  const values = new Map<string, number>();
  for (let row = 0; row < size; row++) {
    const level = levels[row * levelWidth + column] ?? null;
    if (level !== null) values.set(level, (values.get(level) ?? 0) + 1);
  }
  return { rows: size, values };
}

function compareNumbers(
  feature: string,
  period: number | null,
  older: Observed<Float64Array>,
  newer: Observed<Float64Array>,
): MovedFeature {
  const [missingBefore, missingAfter] = [
    missing(older.rows, older.values.length),
    missing(newer.rows, newer.values.length),
  ];
  // A missing value counts as lower than every number.
  let distance = Math.abs(missingBefore - missingAfter);
  let [i, j] = [0, 0];
  const [a, b] = [older.values, newer.values];
  while (i < a.length || j < b.length) {
    const next = Math.min(a[i] ?? Infinity, b[j] ?? Infinity);
    while (i < a.length && valueAt(a, i) <= next) i++;
    while (j < b.length && valueAt(b, j) <= next) j++;
    distance = Math.max(distance, Math.abs(missingBefore - missingAfter + i / older.rows - j / newer.rows));
  }
  const middleOf = (sorted: Float64Array): number | null =>
    period === null ? middle(sorted) : circularMean(sorted, period);
  return { feature, distance, before: middleOf(a), after: middleOf(b), missingBefore, missingAfter, period };
}

function compareLevels(
  feature: string,
  older: Observed<ReadonlyMap<string, number>>,
  newer: Observed<ReadonlyMap<string, number>>,
): MovedFeature {
  const count = ({ values }: Observed<ReadonlyMap<string, number>>) =>
    [...values.values()].reduce((sum, n) => sum + n, 0);
  const [missingBefore, missingAfter] = [missing(older.rows, count(older)), missing(newer.rows, count(newer))];
  let distance = Math.abs(missingBefore - missingAfter) / 2;
  for (const level of new Set([...older.values.keys(), ...newer.values.keys()])) {
    const share = ({ rows, values }: Observed<ReadonlyMap<string, number>>) => (values.get(level) ?? 0) / rows;
    distance += Math.abs(share(older) - share(newer)) / 2;
  }
  return {
    feature,
    distance,
    before: commonest(older.values),
    after: commonest(newer.values),
    missingBefore,
    missingAfter,
    period: null,
  };
}

const missing = (rows: number, observed: number): number => (rows - observed) / rows;

const middle = (sorted: Float64Array): number | null => (sorted.length === 0 ? null : quantileOfSorted(sorted, 0.5));

const phaseOf = (value: number, period: number): number => ((value % period) + period) % period;

/**
 * Circular mean: the direction of the mean of the values on the circle (Mardia & Jupp 2000, §2.2),
 * in [0, period).
 */
function circularMean(values: Float64Array, period: number): number | null {
  if (values.length === 0) return null;
  const sumOf = (component: (angle: number) => number): number =>
    values.reduce((sum, value) => sum + component((2 * Math.PI * value) / period), 0);
  return phaseOf((Math.atan2(sumOf(Math.sin), sumOf(Math.cos)) * period) / (2 * Math.PI), period);
}

function commonest(counts: ReadonlyMap<string, number>): string | null {
  const [first] = [...counts].sort(([, a], [, b]) => b - a);
  return first?.[0] ?? null;
}
