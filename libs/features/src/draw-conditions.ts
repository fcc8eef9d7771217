import { at, FlowlineError } from '@flowline/events';
import type { Random } from '@flowline/flows';

import type { FittedParts } from './encode-table.ts';
import { tableColumns } from './feature-schema.ts';
import type { FeatureTable } from './feature-table.ts';
import type { Layout, Place } from './layout.ts';
import { MISSING } from './level-column.ts';

/** Values of features by name; null is a missing value. */
export type GivenValues = Readonly<Record<string, number | string | null>>;

/** Options of {@link drawConditions}. */
export interface ConditionOptions {
  readonly size: number;
  readonly random: Random;
  /** Values of context features that are not drawn. */
  readonly given: GivenValues;
  readonly trainedRows: number;
}

/**
 * Draws all of an event but the numbers that the flow models, which have a value of their domain,
 * or NaN where they are missing:
 *
 * - the missing features, in proportion to the training rows with exactly these missing;
 * - levels, by P(level | previous level) among the levels with a name;
 * - context that is not given, of which a model has no density: a cyclic value uniformly over its
 *   period, a number from the normal law with its mean and deviation in encoded units, within the
 *   trained range.
 *
 * @throws FlowlineError FLOWLINE_FEATURES_INVALID if no training row has the given features, and
 * only them, missing.
 */
export function drawConditions(
  { places }: Layout,
  parts: FittedParts,
  { size, random, given, trainedRows }: ConditionOptions,
): FeatureTable {
  const { numeric, levels } = tableColumns(places.map(({ spec }) => spec));
  const table = {
    size,
    numeric: new Float64Array(size * numeric.length).fill(NaN),
    numericWidth: numeric.length,
    levels: Array.from<string | null>({ length: size * levels.length }).fill(null),
    levelWidth: levels.length,
  };
  const missing = missingFeatures(places, parts, given, trainedRows);
  const draws = new LevelDraws(parts, random);
  for (let row = 0; row < size; row++) {
    const absent = missing(random);
    let previous = MISSING;
    places.forEach((place, feature) => {
      const { kind, tableColumn, spec } = place;
      const value = absent.has(feature) ? null : givenOf(given, spec.name);
      if (kind === 'levels') {
        const column = at(parts.levels, tableColumn);
        const level = value === undefined ? draws.next(tableColumn, previous) : value;
        table.levels[row * table.levelWidth + tableColumn] = typeof level === 'string' ? level : null;
        previous = typeof level === 'string' ? column.indexOf(level) : MISSING;
      } else if (value !== null) {
        const cell = row * table.numericWidth + tableColumn;
        table.numeric[cell] = typeof value === 'number' ? value : drawnNumber(place, parts, random);
      }
    });
  }
  return table;
}

/** Value that is given; undefined for none. A feature may be named as what every object has. */
const givenOf = (given: GivenValues, name: string): GivenValues[string] | undefined =>
  Object.hasOwn(given, name) ? given[name] : undefined;

/** Context number that is not given, or a value of the domain of a dimension. */
function drawnNumber({ kind, spec, tableColumn }: Place, { numeric }: FittedParts, random: Random): number {
  if (kind === 'cyclic') return random.uniform() * (spec.period ?? 1);
  const column = at(numeric, tableColumn);
  if (column === null) return NaN;
  return column.nearest(column.decode(kind === 'dimension' ? 0 : column.confined(random.normal())));
}

type Missing = ReadonlySet<number>;

/**
 * Drawing of the missing features of a row (their indices), among the patterns that fit the given
 * values.
 */
function missingFeatures(
  places: Layout['places'],
  { patterns }: FittedParts,
  given: GivenValues,
  trainedRows: number,
): (random: Random) => Missing {
  const rowsOf = patterns.nodes.map(([, , rows]) => rows);
  const complete = Math.max(0, trainedRows - rowsOf.reduce((sum, rows) => sum + rows, 0));
  const fits = (missing: Missing): boolean =>
    places.every(({ spec }, feature) => {
      const value = givenOf(given, spec.name);
      return value === undefined || (value === null) === missing.has(feature);
    });
  const possible = [complete, ...rowsOf]
    .map((rows, pattern) => ({ rows, missing: new Set(patterns.featuresOf(pattern)) }))
    .filter(({ rows, missing }) => rows > 0 && fits(missing));
  if (possible.length === 0) {
    const names = Object.keys(given).join(', ');
    throw new FlowlineError('FLOWLINE_FEATURES_INVALID', `No training row has ${names} given and missing as here.`, {
      where: 'context',
      remedy: 'Give a value for what is never missing, and null for what is always missing.',
    });
  }
  const drawn = weighted(possible.map(({ rows }) => rows));
  return (random) => at(possible, drawn(random)).missing;
}

/** Draws of levels by P(level | previous level), among the levels with a name. */
class LevelDraws {
  readonly #parts: FittedParts;
  readonly #random: Random;
  readonly #laws = new Map<string, (random: Random) => number>();

  constructor(parts: FittedParts, random: Random) {
    this.#parts = parts;
    this.#random = random;
  }

  /** Level of a column, given the index in the column before; null if no level has a name. */
  next(column: number, previous: number): string | null {
    const { levels } = at(this.#parts.levels, column).config;
    if (levels.length === 0) return null;
    const key = `${column} ${previous}`;
    let law = this.#laws.get(key);
    if (law === undefined) {
      const chain = at(this.#parts.chains, column);
      law = weighted(levels.map((_, index) => chain.probability(previous, index)));
      this.#laws.set(key, law);
    }
    return at(levels, law(this.#random));
  }
}

/** Drawing of an index in proportion to weights, of which one is above 0. */
function weighted(weights: readonly number[]): (random: Random) => number {
  let sum = 0;
  const cumulative = Float64Array.from(weights, (weight) => (sum += weight));
  return (random) => {
    const share = random.uniform() * sum;
    let [low, high] = [0, cumulative.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (at(cumulative, middle) > share) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
