import type { FeatureSpec } from '@flowline/events';

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
  const numeric: PlainNumber[] = [];
  const levels: PlainLevel[] = [];
  for (const spec of schema) {
    const { nullable } = spec;
    const field = isLevelFeature(spec) ? spec.from : scaleOf(spec).value;
    if (typeof field !== 'string' || field.includes('.')) return null;
    if (isLevelFeature(spec)) levels.push({ field, nullable, onlyBoolean: spec.type === 'boolean' });
    else numeric.push({ field, nullable, largest: largestValue(spec) });
  }
  return { numeric, levels };
}

/**
 * Maximum absolute value of a numeric feature; a larger one is a fault. Only values that enter the
 * flow without a change of scale can exceed float32.
 */
export function largestValue(spec: FeatureSpec): number {
  const { scale } = scaleOf(spec);
  return scale === 'none' && (spec.type === 'real' || spec.type === 'integer') ? MAX_FLOAT32 : Number.MAX_VALUE;
}
