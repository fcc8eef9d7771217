import { at } from '@flowline/events';
import type { FeatureSpec } from '@flowline/events';

import { isDimension, isLevelFeature } from './feature-schema.ts';

/**
 * Position of one feature in a table and in an encoded row. Row columns count from the start of the
 * row; −1 is none.
 */
export interface Place {
  readonly spec: FeatureSpec;
  /** `dimension`: scored by the flow. `condition`: a number of the context. */
  readonly kind: 'dimension' | 'condition' | 'cyclic' | 'levels';
  /** Column among the table's numbers, or among its levels. */
  readonly tableColumn: number;
  /** First column in the encoded row. */
  readonly column: number;
  /** Column that is 1 if the feature is observed; −1 for a feature that is always observed. */
  readonly presenceColumn: number;
}

/** Columns of an encoded row: [x (dimensions) | context]. */
export interface Layout {
  /** One place per feature, in schema order. */
  readonly places: readonly Place[];
  readonly dimensions: number;
  readonly contextNames: readonly string[];
}

/**
 * Lays out a row: the dimensions in schema order, then the context. The context has sin and cos of
 * cyclic features, numbers and one-hot levels, in schema order, then a presence column per nullable
 * feature.
 * @param levelNames names of the one-hot columns per level feature, in schema order.
 */
export function layoutOf(schema: readonly FeatureSpec[], levelNames: readonly (readonly string[])[]): Layout {
  const dimensions = schema.filter(isDimension).length;
  const contextNames: string[] = [];
  const columns: number[] = [];
  let dimension = 0;
  let level = 0;
  for (const spec of schema) {
    columns.push(isDimension(spec) ? dimension++ : dimensions + contextNames.length);
    if (isLevelFeature(spec)) contextNames.push(...at(levelNames, level++).map((name) => `${spec.name}=${name}`));
    else if (spec.type === 'cyclic') contextNames.push(`sin ${spec.name}`, `cos ${spec.name}`);
    else if (!isDimension(spec)) contextNames.push(spec.name);
  }
  let numericColumn = 0;
  let levelColumn = 0;
  const places = schema.map((spec, feature): Place => {
    const presenceColumn = spec.nullable ? dimensions + contextNames.push(`${spec.name} is observed`) - 1 : -1;
    return {
      spec,
      kind: kindOf(spec),
      tableColumn: isLevelFeature(spec) ? levelColumn++ : numericColumn++,
      column: at(columns, feature),
      presenceColumn,
    };
  });
  return { places, dimensions, contextNames };
}

function kindOf(spec: FeatureSpec): Place['kind'] {
  if (isLevelFeature(spec)) return 'levels';
  if (spec.type === 'cyclic') return 'cyclic';
  return isDimension(spec) ? 'dimension' : 'condition';
}
