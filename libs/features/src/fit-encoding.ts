import { FlowlineError, type FeatureSpec } from '@flowline/events';

import { ENCODING_FORMAT, ENCODING_VERSION } from './encoding-config.ts';
import { FeatureEncoding } from './feature-encoding.ts';
import { checkSchema, isLevelFeature } from './feature-schema.ts';
import { checkTable, infiniteValue, requiredMissing, type FeatureTable } from './feature-table.ts';
import { fitLevelChain } from './level-chain.ts';
import { fitLevelColumn, type LevelColumn } from './level-column.ts';
import { fitMissingPatterns } from './missing-patterns.ts';
import { fitNumericColumn, type NumericColumnConfig } from './numeric-column.ts';

/**
 * Fits an encoding to training rows: scales, noise, level counts and missing patterns. Values outside their domain do not enter
 * the fit, and are told in `warnings`. Deterministic, and independent of the order of the rows but for rounding.
 * @throws FlowlineError FLOWLINE_FEATURES_INVALID for no rows, a table of other columns, a schema without a scored numeric feature,
 * or a column whose values all lie outside its domain.
 */
export function fitEncoding(schema: readonly FeatureSpec[], table: FeatureTable): FeatureEncoding {
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
  const numeric = numericSpecs.map((spec, column) => fitNumbers(spec, observedNumbers(spec, table, column), warnings));
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

function fitNumbers(spec: FeatureSpec, observed: Float64Array, warnings: string[]): NumericColumnConfig | null {
  if (spec.type === 'cyclic') return null;
  const { column, used, outside } = fitNumericColumn(spec, observed);
  if (observed.length === 0) warnings.push(`${spec.name}: no training row has a value; it is not scaled.`);
  else if (used === 0) {
    throw new FlowlineError(
      'FLOWLINE_FEATURES_INVALID',
      `None of the ${observed.length} training values of ${spec.name} lies in the domain of its type, ${spec.type}.`,
      { where: `features.${spec.name}`, remedy: 'Declare another type, or check the column it is read from.' },
    );
  } else if (outside > 0) {
    warnings.push(
      `${spec.name}: ${outside} of ${observed.length} training values lie outside the domain of its type, ${spec.type}.`,
    );
  }
  if (!Number.isFinite(column.config.std) || !Number.isFinite(column.config.mean)) {
    throw new FlowlineError('FLOWLINE_FEATURES_INVALID', `The values of ${spec.name} are too large to be scaled.`, {
      where: `features.${spec.name}`,
      remedy: 'Use a log or asinh scale, or larger units.',
    });
  }
  return column.config;
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
