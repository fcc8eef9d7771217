import { FlowlineError, type FeatureSpec } from '@flowline/events';

import { ENCODING_FORMAT, ENCODING_VERSION } from './encoding-config.ts';
import { FeatureEncoding } from './feature-encoding.ts';
import { checkSchema, isLevelFeature } from './feature-schema.ts';
import { checkTable, infiniteValue, requiredMissing, type FeatureTable } from './feature-table.ts';
import { fitLevelChain } from './level-chain.ts';
import { fitLevelColumn, type LevelColumn } from './level-column.ts';
import { fitMissingPatterns } from './missing-patterns.ts';
import { fitNumericColumn, type FittedColumn } from './fit-numeric-column.ts';
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
  checkSchema(schema);
  checkTable(schema, table);
  if (table.size === 0) {
    throw new FlowlineError('FLOWLINE_FEATURES_INVALID', 'There are no rows to fit the features to.', {
      where: 'features',
      remedy: 'Check that the history query returns rows of the lookback.',
    });
  }
  const warnings: string[] = [];
  const numericSpecs = schema.filter((spec) => !isLevelFeature(spec));
  const levelSpecs = schema.filter(isLevelFeature);
  const numeric = numericSpecs.map((spec, column) => fitNumbers(spec, table, column, rule, warnings));
  const levels = levelSpecs.map((spec, column) => fitLevels(spec, levelsOf(spec, table, column), warnings));
  const chains = levelSpecs.map((spec, column) => {
    const previous: LevelColumn | undefined = levels[column - 1];
    const own = levels[column];
    if (spec.role !== 'score' || previous === undefined || own === undefined) return null;
    return fitLevelChain(previous, own, pairsOf(table, column)).config;
  });
  return new FeatureEncoding({
    format: ENCODING_FORMAT,
    version: ENCODING_VERSION,
    schema,
    numeric,
    levels: levels.map(({ config }) => config),
    chains,
    missingPatterns: fitMissingPatterns(schema, table).nodes,
    trainedRows: table.size,
    warnings,
  });
}

function fitNumbers(
  spec: FeatureSpec,
  table: FeatureTable,
  index: number,
  rule: StrayRule,
  warnings: string[],
): NumericColumnConfig | null {
  const observed = observedNumbers(spec, table, index);
  if (spec.type === 'cyclic') return null;
  const fitted = fitNumericColumn(spec, observed, rule);
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

function firstRow({ size, numeric, numericWidth }: FeatureTable, column: number, value: number): number {
  for (let row = 0; row < size; row++) if (numeric[row * numericWidth + column] === value) return row;
  return -1;
}

function fitLevels(spec: FeatureSpec, values: readonly (string | null)[], warnings: string[]): LevelColumn {
  const column = fitLevelColumn(values, { maxLevels: spec.maxLevels, boolean: spec.type === 'boolean' });
  const { levels, unseen } = column.config;
  if (unseen > 0) {
    warnings.push(
      `${spec.name}: ${unseen} of ${values.length} training rows have none of its ${levels.length} most frequent levels; those count as unseen.`,
    );
  }
  return column;
}

function observedNumbers(
  { name, nullable }: FeatureSpec,
  { size, numeric, numericWidth }: FeatureTable,
  column: number,
): Float64Array {
  const observed = new Float64Array(size);
  let count = 0;
  for (let row = 0; row < size; row++) {
    const value = numeric[row * numericWidth + column] ?? NaN;
    if (Number.isNaN(value)) {
      if (!nullable) throw requiredMissing(name, row);
      continue;
    }
    if (!Number.isFinite(value)) throw infiniteValue(name, row);
    observed[count++] = value;
  }
  return observed.subarray(0, count);
}

const levelAt = ({ levels, levelWidth }: FeatureTable, row: number, column: number): string | null =>
  levels[row * levelWidth + column] ?? null;

const levelsOf = ({ name, nullable }: FeatureSpec, table: FeatureTable, column: number): (string | null)[] =>
  Array.from({ length: table.size }, (_, row) => {
    const level = levelAt(table, row, column);
    if (level === null && !nullable) throw requiredMissing(name, row);
    return level;
  });

function* pairsOf(table: FeatureTable, column: number): Generator<readonly [string | null, string | null]> {
  for (let row = 0; row < table.size; row++) yield [levelAt(table, row, column - 1), levelAt(table, row, column)];
}
