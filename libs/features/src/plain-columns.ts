import type { Expression, FeatureSpec } from '@flowline/events';

import { isLevelFeature, scaleOf } from './feature-schema.ts';

/** Largest float32. The flow computes in float32. */
export const MAX_FLOAT32 = 3.4028234663852886e38;

/** Numeric column read directly from a field. */
export interface PlainNumber {
  readonly field: string;
  readonly nullable: boolean;
  /** Maximum absolute value. A larger one is a fault. */
  readonly largest: number;
}

/** Level column read directly from a field. */
export interface PlainLevel {
  readonly field: string;
  readonly nullable: boolean;
  /** True if only true and false are accepted, not text or numbers. */
  readonly onlyBoolean: boolean;
}

/** Columns of a table in which every feature is a top-level field of the record. */
export interface PlainColumns {
  readonly numeric: readonly PlainNumber[];
  readonly levels: readonly PlainLevel[];
}

/**
 * Returns a schema as plain columns; null if a feature is computed, or if its field's name has a
 * dot.
 */
export function plainColumns(schema: readonly FeatureSpec[]): PlainColumns | null {
  const levels = plainLevels(schema);
  if (levels === null) return null;
  const numeric: PlainNumber[] = [];
  for (const spec of schema.filter((each) => !isLevelFeature(each))) {
    const field = scaleOf(spec).value;
    if (!isPlain(field)) return null;
    numeric.push({ field, nullable: spec.nullable, largest: largestValue(spec) });
  }
  return { numeric, levels };
}

/** Level columns of a schema; null if one is computed, or if the name of its field has a dot. */
export function plainLevels(schema: readonly FeatureSpec[]): readonly PlainLevel[] | null {
  const levels: PlainLevel[] = [];
  for (const { from: field, nullable, type } of schema.filter(isLevelFeature)) {
    if (!isPlain(field)) return null;
    levels.push({ field, nullable, onlyBoolean: type === 'boolean' });
  }
  return levels;
}

/** True for the name of a top-level field. */
const isPlain = (expression: Expression): expression is string =>
  typeof expression === 'string' && !expression.includes('.');

/**
 * Maximum absolute value of a numeric feature; a larger one is a fault. Only values that enter the
 * flow without a change of scale can exceed float32.
 */
export function largestValue(spec: FeatureSpec): number {
  const { scale } = scaleOf(spec);
  return scale === 'none' && (spec.type === 'real' || spec.type === 'integer') ? MAX_FLOAT32 : Number.MAX_VALUE;
}
