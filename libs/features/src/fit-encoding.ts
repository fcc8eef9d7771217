import { at, atOnce, type FeatureSpec, FlowlineError, missing, type Steps } from '@flowline/events';

import { type ColumnSpace, columnSpace } from './column-space.ts';
import type { ColumnTable } from './column-table.ts';
import { columnsOf } from './column-table-builder.ts';
import { ENCODING_FORMAT, ENCODING_VERSION } from './encoding-config.ts';
import { FeatureEncoding } from './feature-encoding.ts';
import { checkSchema, isLevelFeature } from './feature-schema.ts';
import { checkTable, infiniteValue, requiredMissing, type FeatureTable } from './feature-table.ts';
import { type FittedColumn, fitNumericSteps } from './fit-numeric-column.ts';
import { fitLevelChain, type LevelChainConfig } from './level-chain.ts';
import { fitLevelColumn, type LevelColumn } from './level-column.ts';
import { fitMissingPatterns } from './missing-patterns.ts';
import type { NumericColumnConfig } from './numeric-column.ts';
import { strayRules, type StrayRule } from './stray-values.ts';

/**
 * Maximum share of values outside their domain. Beyond it they are no longer stray rows: the type
 * is wrong.
 */
const MAX_OUTSIDE_SHARE = 0.05;

/**
 * Fits an encoding to training rows: scales, noise, trained ranges, level counts and missing
 * patterns. Values outside their domain, and a few that lie far apart from all others, do not enter
 * the fit and are reported in `warnings`. Deterministic, and independent of the row order up to
 * rounding.
 * @param rule which values count as far apart; by default, the rule for a history known to be
 * normal.
 * @throws FlowlineError FLOWLINE_FEATURES_INVALID for no rows, a table of other columns, a schema
 * without a scored numeric feature, a column with more than 5 % of its values outside its domain,
 * or values too large to be scaled.
 */
export function fitEncoding(
  schema: readonly FeatureSpec[],
  table: FeatureTable,
  rule: StrayRule = strayRules.clean,
): FeatureEncoding {
  checkTable(schema, table);
  return atOnce(fitEncodingSteps(schema, columnsOf(table), rule));
}

/** {@link fitEncoding} in steps. */
export function* fitEncodingSteps(
  schema: readonly FeatureSpec[],
  table: ColumnTable,
  rule: StrayRule,
): Steps<FeatureEncoding> {
  checkSchema(schema);
  if (table.size === 0) {
    throw new FlowlineError('FLOWLINE_FEATURES_INVALID', 'There are no rows to fit the features to.', {
      where: 'features',
      remedy: 'Check that the history query returns rows of the lookback.',
    });
  }
  const warnings: string[] = [];
  const numericSpecs = schema.filter((spec) => !isLevelFeature(spec));
  const levelSpecs = schema.filter(isLevelFeature);
  const numeric: (NumericColumnConfig | null)[] = [];
  const space = columnSpace(table.size);
  for (const [column, spec] of numericSpecs.entries()) {
    numeric.push(yield* fitNumbers(spec, { table, index: column, space }, rule, warnings));
  }
  const levels: LevelColumn[] = [];
  for (const [column, spec] of levelSpecs.entries()) levels.push(yield* fitLevels(spec, table, column, warnings));
  const chains: (LevelChainConfig | null)[] = [];
  for (const [column, spec] of levelSpecs.entries()) chains.push(yield* fitChain(spec, table, column, levels));
  return new FeatureEncoding({
    format: ENCODING_FORMAT,
    version: ENCODING_VERSION,
    schema,
    numeric,
    levels: levels.map(({ config }) => config),
    chains,
    missingPatterns: (yield* fitMissingPatterns(schema, table)).nodes,
    trainedRows: table.size,
    warnings,
  });
}

function* fitNumbers(
  spec: FeatureSpec,
  { table, index, space }: { readonly table: ColumnTable; readonly index: number; readonly space: ColumnSpace },
  rule: StrayRule,
  warnings: string[],
): Steps<NumericColumnConfig | null> {
  const observed = yield* observedNumbers(spec, table, index, space.observed);
  if (spec.type === 'cyclic') return null;
  const fitted = yield* fitNumericSteps(spec, observed, rule, space);
  const { name, type } = spec;
  const { config } = fitted.column;
  const rowOf = (value: number): string => `${shown(value)} in training row ${firstRow(table, index, value) + 1}`;
  const { outside, stray } = fitted;
  if (observed.length === 0) {
    warnings.push(`${name}: no training row has a value; it counts as missing until a training run has seen one.`);
  }
  if (outside.count > 0) {
    const found = `${outside.count} of ${observed.length} training values lie outside the domain of its type, ${type}`;
    if (outside.count > MAX_OUTSIDE_SHARE * observed.length) {
      throw new FlowlineError('FLOWLINE_FEATURES_INVALID', `${name}: ${found}, such as ${rowOf(outside.example)}.`, {
        where: `features.${name}`,
        remedy: 'Declare another type, or check the column it is read from and its unit.',
      });
    }
    warnings.push(`${name}: ${found}, such as ${rowOf(outside.example)}.`);
  }
  if (stray.count > 0) {
    warnings.push(
      `${name}: ${stray.count} of ${observed.length} training values lie far apart from all others (${keptRange(fitted)}), such as ` +
        `${rowOf(stray.example)}. They are left out of the training and are anomalies; leave such rows out in the history query.`,
    );
  }
  if (!Number.isFinite(config.std) || !Number.isFinite(config.mean)) {
    throw new FlowlineError('FLOWLINE_FEATURES_INVALID', `The values of ${name} are too large to be scaled.`, {
      where: `features.${name}`,
      remedy: 'Use a log or asinh scale, or larger units.',
    });
  }
  return config;
}

const shown = (value: number): string => String(Number(value.toPrecision(6)));

const keptRange = ({ kept }: FittedColumn): string => `${shown(kept[0])} to ${shown(kept[1])}`;

function firstRow(table: ColumnTable, column: number, value: number): number {
  let before = 0;
  for (const values of table.numbers(column)) {
    const row = values.indexOf(value);
    if (row >= 0) return before + row;
    before += values.length;
  }
  return -1;
}

/** Observed values of a column, in the order of the rows and within `into`. */
function* observedNumbers(
  spec: FeatureSpec,
  table: ColumnTable,
  column: number,
  into: Float64Array,
): Steps<Float64Array> {
  let count = 0;
  let row = 0;
  for (const values of table.numbers(column)) {
    count = putObserved(spec, values, row, into, count);
    row += values.length;
    yield;
  }
  return into.subarray(0, count);
}

/** Puts the observed ones of values from a place on. Returns the place after them. */
function putObserved(
  { name, nullable }: FeatureSpec,
  values: Float64Array,
  firstRow: number,
  into: Float64Array,
  from: number,
): number {
  let place = from;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? missing(values, i);
    if (Number.isNaN(value)) {
      if (!nullable) throw requiredMissing(name, firstRow + i);
      continue;
    }
    if (!Number.isFinite(value)) throw infiniteValue(name, firstRow + i);
    into[place++] = value;
  }
  return place;
}

function* fitLevels(spec: FeatureSpec, table: ColumnTable, index: number, warnings: string[]): Steps<LevelColumn> {
  const names = table.names(index);
  const rows = new Float64Array(names.length);
  let row = 0;
  for (const indices of table.levels(index)) {
    countLevels(spec, indices, row, rows);
    row += indices.length;
    yield;
  }
  const counted = names.map((name, level) => [name, at(rows, level)] as const);
  const column = fitLevelColumn(counted, { maxLevels: spec.maxLevels, boolean: spec.type === 'boolean' });
  const { levels, unseen } = column.config;
  if (unseen > 0) {
    warnings.push(
      `${spec.name}: ${unseen} of ${table.size} training rows have none of its ${levels.length} most frequent levels; those count as unseen.`,
    );
  }
  return column;
}

function countLevels({ name, nullable }: FeatureSpec, levels: Int32Array, firstRow: number, rows: Float64Array): void {
  for (let i = 0; i < levels.length; i++) {
    const level = levels[i] ?? missing(levels, i);
    if (level >= 0) rows[level] = at(rows, level) + 1;
    else if (!nullable) throw requiredMissing(name, firstRow + i);
  }
}

/** Fits the chain of a scored level column that has one before it; null for any other. */
function* fitChain(
  spec: FeatureSpec,
  table: ColumnTable,
  index: number,
  columns: readonly LevelColumn[],
): Steps<LevelChainConfig | null> {
  if (spec.role !== 'score' || index === 0) return null;
  const [before, own] = [at(columns, index - 1), at(columns, index)];
  const previousOf = Int32Array.from(table.names(index - 1), (name) => before.indexOf(name));
  const levelOf = Int32Array.from(table.names(index), (name) => own.indexOf(name));
  const stride = own.unseenIndex + 1;
  const rows = new Float64Array((before.unseenIndex + 1) * stride);
  const previousLevels = table.levels(index - 1);
  for (const levels of table.levels(index)) {
    countPairs(previousLevels.next().value ?? levels, levels, { previousOf, levelOf, stride }, rows);
    yield;
  }
  const counted = new Map<number, number>();
  for (const [pair, count] of rows.entries()) if (count > 0) counted.set(pair, count);
  return fitLevelChain(own, counted).config;
}

/** Counts the pairs of levels of two columns, by previous index · stride + index. */
function countPairs(
  previous: Int32Array,
  levels: Int32Array,
  { previousOf, levelOf, stride }: { readonly previousOf: Int32Array; readonly levelOf: Int32Array; stride: number },
  rows: Float64Array,
): void {
  for (let i = 0; i < levels.length; i++) {
    const [before, own] = [previous[i] ?? missing(previous, i), levels[i] ?? missing(levels, i)];
    const [a, b] = [previousOf[before], levelOf[own]];
    if (a === undefined || b === undefined) continue;
    const pair = a * stride + b;
    rows[pair] = at(rows, pair) + 1;
  }
}
