import { type Expression, type FeatureSpec, operandsOf } from '@flowline/events';

import { expressionFields, fieldsOf, isLevelFeature } from './feature-schema.ts';

/**
 * Column of a history. Text of type `timestamp` or `document` (json) is not the same in JSON and in
 * CSV.
 */
export interface RowColumn {
  readonly name: string;
  readonly type: 'timestamp' | 'document' | 'other';
}

/** Mismatches between a history and the fields that are read from it. */
export interface ColumnFindings {
  /** Fields that no column holds. */
  readonly missing: readonly string[];
  /** Columns read as a name (a level, a key) whose text depends on the format. */
  readonly unmatchable: readonly RowColumn[];
}

/**
 * Compares a history's columns with the fields that the features and the entity key read.
 * @param key fields that name an entity; empty if events are independent of each other.
 */
export function compareColumns(
  schema: readonly FeatureSpec[],
  key: readonly string[],
  columns: readonly RowColumn[],
): ColumnFindings {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const fields = new Set([...fieldsOf(schema), ...key]);
  const names = nameFields(schema, key);
  return {
    missing: [...fields].filter((field) => !isHeld(field, byName)),
    unmatchable: [...names].flatMap((name) => {
      const column = byName.get(name);
      return column === undefined || column.type === 'other' ? [] : [column];
    }),
  };
}

/** Column of a history that is read; `asName` if its values are names, in their spelling. */
export interface ReadColumn {
  readonly name: string;
  readonly asName: boolean;
}

/**
 * Columns that hold the fields of a schema and of an entity's key, each once, in the order of the
 * history: a field's own column, and that of an object which holds it.
 */
export function wantedColumns(
  schema: readonly FeatureSpec[],
  key: readonly string[],
  columns: readonly string[],
): readonly ReadColumn[] {
  const fields = [...new Set([...fieldsOf(schema), ...key])];
  const wanted = new Set(fields.flatMap((field) => pathsOf(field)));
  const names = nameFields(schema, key);
  return columns.filter((name) => wanted.has(name)).map((name) => ({ name, asName: names.has(name) }));
}

/** Fields whose values are names: levels, keys of lookup tables, keys of entities. */
const nameFields = (schema: readonly FeatureSpec[], key: readonly string[]): ReadonlySet<string> =>
  new Set([...schema.flatMap(({ from }) => lookupKeys(from)), ...schema.flatMap(ownNames), ...key]);

/** A dotted field, and the fields that may hold it: `geo.lat` and `geo`. */
function pathsOf(field: string): readonly string[] {
  const steps = field.split('.');
  return steps.map((_, i) => steps.slice(0, i + 1).join('.'));
}

/** True if a column has the field's name or holds it: `geo` holds `geo.lat`. */
function isHeld(field: string, columns: ReadonlyMap<string, RowColumn>): boolean {
  return pathsOf(field).some((path) => columns.has(path));
}

const ownNames = (spec: FeatureSpec): readonly string[] =>
  isLevelFeature(spec) && typeof spec.from === 'string' ? [spec.from] : [];

/** Fields whose text is a key of a lookup table. */
function lookupKeys(expression: Expression): readonly string[] {
  if (typeof expression === 'string') return [];
  return 'lookup' in expression ? expressionFields(expression.lookup.key) : operandsOf(expression).flatMap(lookupKeys);
}
