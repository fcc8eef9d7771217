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
  const names = new Set([...schema.flatMap(({ from }) => lookupKeys(from)), ...schema.flatMap(ownNames), ...key]);
  return {
    missing: [...fields].filter((field) => !isHeld(field, byName)),
    unmatchable: [...names].flatMap((name) => {
      const column = byName.get(name);
      return column === undefined || column.type === 'other' ? [] : [column];
    }),
  };
}

/** True if a column has the field's name or holds it: `geo` holds `geo.lat`. */
function isHeld(field: string, columns: ReadonlyMap<string, RowColumn>): boolean {
  const steps = field.split('.');
  return steps.some((_, i) => columns.has(steps.slice(0, i + 1).join('.')));
}

const ownNames = (spec: FeatureSpec): readonly string[] =>
  isLevelFeature(spec) && typeof spec.from === 'string' ? [spec.from] : [];

/** Fields whose text is a key of a lookup table. */
function lookupKeys(expression: Expression): readonly string[] {
  if (typeof expression === 'string') return [];
  return 'lookup' in expression ? expressionFields(expression.lookup.key) : operandsOf(expression).flatMap(lookupKeys);
}
