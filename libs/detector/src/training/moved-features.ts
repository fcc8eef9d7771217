import { at, type FeatureSpec, type Steps } from '@flowline/events';
import { type ColumnTable, sortNumbers, tableColumns } from '@flowline/features';

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
 * Maximum rows of a table that are compared. The distance of 100,000 rows to the distribution they
 * were drawn from exceeds 0.0062 with probability 1/1000.
 */
const MOST_ROWS = 100_000;

/**
 * Features that moved between two tables of the same schema, in descending order of distance: the
 * two-sample Kolmogorov–Smirnov distance for numbers, the total variation for levels. A missing
 * value counts as a value. At most 100,000 rows of a table are compared, evenly spaced. In steps.
 */
export function* movedFeatures(
  schema: readonly FeatureSpec[],
  older: ColumnTable,
  newer: ColumnTable,
): Steps<readonly MovedFeature[]> {
  if (older.size === 0 || newer.size === 0) return [];
  const least = Math.max(LEAST_DISTANCE, SURE * Math.sqrt(1 / sampleSize(older) + 1 / sampleSize(newer)));
  const { numeric, levels } = tableColumns(schema);
  const periods = new Map(schema.map(({ name, type, period }) => [name, type === 'cyclic' ? period : null]));
  const all: MovedFeature[] = [];
  for (const [column, name] of numeric.entries()) {
    const period = periods.get(name) ?? null;
    const [before, after] = [yield* numbersOf(older, column, period), yield* numbersOf(newer, column, period)];
    all.push(compareNumbers(name, period, before, after));
    yield;
  }
  for (const [column, name] of levels.entries()) {
    all.push(compareLevels(name, yield* levelsOf(older, column), yield* levelsOf(newer, column)));
  }
  return all.filter(({ distance }) => distance >= least).sort((a, b) => b.distance - a.distance);
}

interface Observed<T> {
  readonly rows: number;
  readonly values: T;
}

/**
 * Values of a column, ascending. Those of a cyclic feature are reduced to their phase, since time
 * goes on while the cycle repeats.
 */
function* numbersOf(table: ColumnTable, column: number, period: number | null): Steps<Observed<Float64Array>> {
  const rows = sampleSize(table);
  const values = new Float64Array(rows);
  let count = 0;
  for (const sample of sampled(table, table.numbers(column))) {
    count = putObserved(sample, period, values, count);
    yield;
  }
  return { rows, values: yield* sortNumbers(values.subarray(0, count)) };
}

/** Puts the observed values of a column from a place on. Returns the place after them. */
function putObserved(sample: Float64Array, period: number | null, into: Float64Array, from: number): number {
  let place = from;
  for (let i = 0; i < sample.length; i++) {
    const value = valueAt(sample, i);
    if (!Number.isNaN(value)) into[place++] = period === null ? value : phaseOf(value, period);
  }
  return place;
}

const sampleSize = ({ size }: ColumnTable): number => Math.min(size, MOST_ROWS);

/** Values of a column in the rows that are compared, piece by piece. */
function* sampled<Values extends Float64Array | Int32Array>(
  { size }: ColumnTable,
  pieces: Iterable<Values>,
): Generator<Values, void> {
  if (size <= MOST_ROWS) {
    yield* pieces;
    return;
  }
  let [start, taken] = [0, 0];
  for (const piece of pieces) {
    const end = start + piece.length; // Row floor(k·size/most) is taken, for each k.
    const count = Math.ceil((end * MOST_ROWS) / size) - taken;
    yield sampleOf(piece, count, (i) => Math.floor(((taken + i) * size) / MOST_ROWS) - start);
    taken += count;
    start = end;
  }
}

function sampleOf<Values extends Float64Array | Int32Array>(
  piece: Values,
  count: number,
  placeOf: (i: number) => number,
): Values {
  const values = piece.slice(0, count) as Values;
  for (let i = 0; i < count; i++) values[i] = valueAt(piece, placeOf(i));
  return values;
}

function* levelsOf(table: ColumnTable, column: number): Steps<Observed<ReadonlyMap<string, number>>> {
  const names = table.names(column);
  const counts = new Float64Array(names.length);
  // The order of first use decides between equally common levels.
  const values = new Map<string, number>();
  for (const part of sampled(table, table.levels(column))) {
    countLevels(part, counts, (level) => values.set(at(names, level), 0));
    yield;
  }
  for (const [level, name] of names.entries()) if (values.has(name)) values.set(name, valueAt(counts, level));
  return { rows: sampleSize(table), values };
}

function countLevels(levels: Int32Array, counts: Float64Array, onFirst: (level: number) => void): void {
  for (let i = 0; i < levels.length; i++) {
    const level = valueAt(levels, i);
    if (level < 0) continue;
    const before = valueAt(counts, level);
    if (before === 0) onFirst(level);
    counts[level] = before + 1;
  }
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
    const next = Math.min(i < a.length ? valueAt(a, i) : Infinity, j < b.length ? valueAt(b, j) : Infinity);
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
