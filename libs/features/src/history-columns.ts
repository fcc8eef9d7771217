import { type Expression, type FeatureSpec, operandsOf } from '@flowline/events';

import { expressionFields, fieldsOf, isLevelFeature } from './feature-schema.ts';

/** A column of a history, and whether its text is the same in JSON and in CSV: that of `timestamp` and `document` (json) is not. */
export interface RowColumn {
  readonly name: string;
  readonly type: 'timestamp' | 'document' | 'other';
}

/** What of a history does not fit what is read from it. */
export interface ColumnFindings {
  /** Fields that no column holds. */
  readonly missing: readonly string[];
  /** Columns that are read as a name (a level, a key) and have several texts. */
  readonly unmatchable: readonly RowColumn[];
}

/**
 * Compares a history's columns with the fields that features and the key of their entity read.
 * @param key the fields that name an entity; none where events stand alone.
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

/** Whether a column has the field's name, or holds it: `geo` holds `geo.lat`. */
function isHeld(field: string, columns: ReadonlyMap<string, RowColumn>): boolean {
  const steps = field.split('.');
  return steps.some((_, i) => columns.has(steps.slice(0, i + 1).join('.')));
}

const ownNames = (spec: FeatureSpec): readonly string[] =>
  isLevelFeature(spec) && typeof spec.from === 'string' ? [spec.from] : [];

/** The fields whose text is looked up. */
function lookupKeys(expression: Expression): readonly string[] {
  if (typeof expression === 'string') return [];
  return 'lookup' in expression ? expressionFields(expression.lookup.key) : operandsOf(expression).flatMap(lookupKeys);
}
