import { at, type FeatureSpec } from '@flowline/events';
import { ColumnTable, type FeatureTable, isLevelFeature, tableColumns } from '@flowline/features';

import { valueAt } from '../sorted.ts';

/** Traits of a table's rows that decide which calibration rows they are compared with. */
export interface RowTraits {
  /** Level of the n-th context feature with levels; null if it is missing. */
  readonly level: (row: number, context: number) => string | null;
  /** Names of the features that are missing. */
  readonly missing: (row: number) => readonly string[];
}

/** Names of the context features with levels, in the order of the schema. */
export function contextLevels(schema: readonly FeatureSpec[]): readonly string[] {
  return schema.filter((spec) => spec.role === 'context' && isLevelFeature(spec)).map(({ name }) => name);
}

/** Traits of the rows of a table. */
export function rowTraits(schema: readonly FeatureSpec[], table: FeatureTable | ColumnTable): RowTraits {
  const { levels } = tableColumns(schema);
  const columns = contextLevels(schema).map((name) => levels.indexOf(name));
  const nullable = nullableFeatures(schema);
  if (!(table instanceof ColumnTable)) {
    return {
      level: (row, context) => table.levels[row * table.levelWidth + at(columns, context)] ?? null,
      missing: (row) => missingFeatures(nullable, table, row),
    };
  }
  const indices = columns.map((column) => joined(table.levels(column), table.size));
  return {
    level: (row, context) => {
      const index = valueAt(at(indices, context), row);
      return index < 0 ? null : at(table.names(at(columns, context)), index);
    },
    missing: (row) => missingFeatures(nullable, table.select(Int32Array.of(row)), 0),
  };
}

/** A nullable feature, and its column among the numbers or the levels of a table. */
interface NullableFeature {
  readonly name: string;
  readonly isLevel: boolean;
  readonly column: number;
}

function nullableFeatures(schema: readonly FeatureSpec[]): readonly NullableFeature[] {
  const { numeric, levels } = tableColumns(schema);
  return schema
    .filter((spec) => spec.nullable)
    .map((spec) => {
      const isLevel = isLevelFeature(spec);
      return { name: spec.name, isLevel, column: (isLevel ? levels : numeric).indexOf(spec.name) };
    });
}

/** Names of the features that a row lacks. It runs for every event of a rare pattern. */
function missingFeatures(nullable: readonly NullableFeature[], table: FeatureTable, row: number): readonly string[] {
  const { numeric, numericWidth, levels, levelWidth } = table;
  const missing: string[] = [];
  for (const { name, isLevel, column } of nullable) {
    const isMissing = isLevel
      ? at(levels, row * levelWidth + column) === null
      : Number.isNaN(valueAt(numeric, row * numericWidth + column));
    if (isMissing) missing.push(name);
  }
  return missing;
}

function joined(pieces: Iterable<Int32Array>, size: number): Int32Array {
  const all = new Int32Array(size);
  let start = 0;
  for (const piece of pieces) {
    all.set(piece, start);
    start += piece.length;
  }
  return all;
}
