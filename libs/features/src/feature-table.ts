import { at, FlowlineError, type FeatureSpec } from '@flowline/events';

import { isLevelFeature, tableColumns } from './feature-schema.ts';

/**
 * Rows of feature values in original units, as stored for scored events and accepted by an
 * encoding. Columns are in schema order, numbers separate from levels. Both matrices are row-major.
 */
export interface FeatureTable {
  readonly size: number;
  /**
   * [size × numericWidth]; NaN is a missing value. Real, positive, integer, unit and cyclic
   * features.
   */
  readonly numeric: Float64Array;
  readonly numericWidth: number;
  /**
   * [size × levelWidth]; null is a missing value. Categorical features, and boolean ones as "true"
   * and "false".
   */
  readonly levels: readonly (string | null)[];
  readonly levelWidth: number;
}

/** Returns a table without rows. */
export function emptyTable(schema: readonly FeatureSpec[]): FeatureTable {
  const { numeric, levels } = tableColumns(schema);
  return {
    size: 0,
    numeric: new Float64Array(0),
    numericWidth: numeric.length,
    levels: [],
    levelWidth: levels.length,
  };
}

/** Returns rows start ≤ row < end of a table. The numbers are shared with it, not copied. */
export function sliceTable(table: FeatureTable, start: number, end: number): FeatureTable {
  const from = Math.max(0, Math.min(start, table.size));
  const to = Math.max(from, Math.min(end, table.size));
  return {
    ...table,
    size: to - from,
    numeric: table.numeric.subarray(from * table.numericWidth, to * table.numericWidth),
    levels: table.levels.slice(from * table.levelWidth, to * table.levelWidth),
  };
}

/**
 * Copies the rows with the given indices, in the given order.
 * @throws FlowlineError FLOWLINE_FEATURES_INVALID for a row that the table does not have.
 */
export function selectRows(table: FeatureTable, rows: ArrayLike<number>): FeatureTable {
  const { numericWidth, levelWidth } = table;
  const numeric = new Float64Array(rows.length * numericWidth);
  const levels: (string | null)[] = [];
  for (let i = 0; i < rows.length; i++) {
    const row = at(rows, i);
    if (!Number.isInteger(row) || row < 0 || row >= table.size) {
      throw new FlowlineError('FLOWLINE_FEATURES_INVALID', `A table of ${table.size} rows has no row ${row}.`);
    }
    numeric.set(table.numeric.subarray(row * numericWidth, (row + 1) * numericWidth), i * numericWidth);
    for (let j = 0; j < levelWidth; j++) levels.push(table.levels[row * levelWidth + j] ?? null);
  }
  return { size: rows.length, numeric, numericWidth, levels, levelWidth };
}

/**
 * Concatenates tables of the same schema.
 * @throws FlowlineError FLOWLINE_FEATURES_INVALID for no tables, or tables of different widths.
 */
export function concatTables(tables: readonly FeatureTable[]): FeatureTable {
  const [first] = tables;
  if (first === undefined) throw new FlowlineError('FLOWLINE_FEATURES_INVALID', 'There is no table to join.');
  const { numericWidth, levelWidth } = first;
  const size = tables.reduce((sum, table) => sum + table.size, 0);
  const numeric = new Float64Array(size * numericWidth);
  const levels: (string | null)[] = [];
  let row = 0;
  for (const table of tables) {
    if (table.numericWidth !== numericWidth || table.levelWidth !== levelWidth) {
      throw new FlowlineError('FLOWLINE_FEATURES_INVALID', 'Tables of different columns cannot be joined.');
    }
    numeric.set(table.numeric.subarray(0, table.size * numericWidth), row * numericWidth);
    for (const level of table.levels) levels.push(level);
    row += table.size;
  }
  return { size, numeric, numericWidth, levels, levelWidth };
}

/** Values of one row by feature name, in schema order; null is a missing value. */
export function rowValues(
  schema: readonly Pick<FeatureSpec, 'name' | 'type'>[],
  table: FeatureTable,
  row: number,
): Record<string, number | string | null> {
  const values: [string, number | string | null][] = [];
  let numeric = row * table.numericWidth;
  let level = row * table.levelWidth;
  for (const spec of schema) {
    if (isLevelFeature(spec)) {
      values.push([spec.name, table.levels[level++] ?? null]);
    } else {
      const value = at(table.numeric, numeric++);
      values.push([spec.name, Number.isNaN(value) ? null : value]);
    }
  }
  return Object.fromEntries(values);
}

/** Table of rows of values by feature name, the inverse of {@link rowValues}. */
export function tableOfValues(
  schema: readonly FeatureSpec[],
  rows: readonly Readonly<Record<string, number | string | null>>[],
): FeatureTable {
  const { numeric, levels } = tableColumns(schema);
  const numberOf = (value: number | string | null | undefined): number => (typeof value === 'number' ? value : NaN);
  const levelOf = (value: number | string | null | undefined): string | null =>
    typeof value === 'string' ? value : null;
  return {
    size: rows.length,
    numeric: Float64Array.from(rows.flatMap((row) => numeric.map((name) => numberOf(row[name])))),
    numericWidth: numeric.length,
    levels: rows.flatMap((row) => levels.map((name) => levelOf(row[name]))),
    levelWidth: levels.length,
  };
}

/**
 * Checks that a table has the columns of a schema.
 * @throws FlowlineError FLOWLINE_FEATURES_INVALID if it does not.
 */
export function checkTable(schema: readonly FeatureSpec[], table: FeatureTable): void {
  const levelWidth = schema.filter(isLevelFeature).length;
  const numericWidth = schema.length - levelWidth;
  const fits =
    table.numericWidth === numericWidth &&
    table.levelWidth === levelWidth &&
    table.numeric.length === table.size * numericWidth &&
    table.levels.length === table.size * levelWidth;
  if (!fits) {
    throw new FlowlineError(
      'FLOWLINE_FEATURES_INVALID',
      `A table of ${table.size} × (${table.numericWidth} numbers, ${table.levelWidth} levels) does not fit a schema of ${numericWidth} and ${levelWidth}.`,
      { where: 'features', remedy: 'Read the rows with the reader of the same detector version.' },
    );
  }
}

/** Error for a row that lacks the value of a feature that is not nullable. */
export const requiredMissing = (feature: string, row: number): FlowlineError =>
  new FlowlineError('FLOWLINE_FEATURES_INVALID', `Row ${row} lacks ${feature}, which is not nullable.`, {
    where: `features.${feature}`,
    remedy: 'Read the rows with the reader of the same detector version, or declare the feature nullable.',
  });

/** Error for a row with an infinite value. */
export const infiniteValue = (feature: string, row: number): FlowlineError =>
  new FlowlineError('FLOWLINE_FEATURES_INVALID', `Row ${row} has an infinite ${feature}.`, {
    where: `features.${feature}`,
    remedy: 'Read the rows with the reader of the same detector version.',
  });
