import type { FeatureSpec } from '@flowline/events';

import { isLevelFeature, scaleOf } from './feature-schema.ts';

/** The largest float32: the flow computes in it. */
export const MAX_FLOAT32 = 3.4028234663852886e38;

/** A column of numbers that is a field as it stands. */
export interface PlainNumber {
  readonly field: string;
  readonly nullable: boolean;
  /** A number that is larger in size is a fault. */
  readonly largest: number;
}

/** A column of levels that is a field as it stands. */
export interface PlainLevel {
  readonly field: string;
  readonly nullable: boolean;
  /** Only true and false, not text or numbers. */
  readonly onlyBoolean: boolean;
}

/** The columns of a table whose every feature is a field at the top level of a record. */
export interface PlainColumns {
  readonly numeric: readonly PlainNumber[];
  readonly levels: readonly PlainLevel[];
}

/** A schema as plain columns; null where a feature is computed, or its field's name has a dot. */
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

/** The size beyond which a number of a feature is a fault: only what enters the flow without a change of scale can leave float32. */
export function largestValue(spec: FeatureSpec): number {
  const { scale } = scaleOf(spec);
  return scale === 'none' && (spec.type === 'real' || spec.type === 'integer') ? MAX_FLOAT32 : Number.MAX_VALUE;
}
