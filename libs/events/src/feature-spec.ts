import { z } from 'zod';

/**
 * An expression over the fields of a record: a column (dotted path), or a derived value from a closed set.
 *
 * `log` and `asinh` as the outermost operation are changes of scale: the feature's value stays what is inside, in its own
 * units, and the density's Jacobian counts. Inside another operation they are plain arithmetic.
 */
export type Expression =
  | string
  | { readonly log: Expression }
  | { readonly asinh: Expression }
  | { readonly difference: readonly [Expression, Expression] }
  | { readonly ratio: readonly [Expression, Expression] }
  /** Great-circle distance in kilometres between [latitude, longitude, latitude, longitude] in degrees. */
  | { readonly haversine: readonly [Expression, Expression, Expression, Expression] }
  /** The column `value` of the row of the named lookup table whose key equals `key`. */
  | { readonly lookup: { readonly table: string; readonly key: Expression; readonly value: string } }
  | { readonly timePart: { readonly of: Expression; readonly part: TimePart; readonly timezone?: string | undefined } };

/** The calendar parts that `timePart` computes: numbers, with Monday as day 1. */
export const timeParts = ['minuteOfDay', 'hourOfDay', 'dayOfWeek', 'dayOfMonth', 'dayOfYear', 'month'] as const;
export type TimePart = (typeof timeParts)[number];

export const expressionSchema: z.ZodType<Expression> = z.lazy(() =>
  z.union([
    z.string().min(1),
    z.strictObject({ log: expressionSchema }),
    z.strictObject({ asinh: expressionSchema }),
    z.strictObject({ difference: z.tuple([expressionSchema, expressionSchema]) }),
    z.strictObject({ ratio: z.tuple([expressionSchema, expressionSchema]) }),
    z.strictObject({ haversine: z.tuple([expressionSchema, expressionSchema, expressionSchema, expressionSchema]) }),
    z.strictObject({ lookup: z.strictObject({ table: z.string(), key: expressionSchema, value: z.string() }) }),
    z.strictObject({
      timePart: z.strictObject({ of: expressionSchema, part: z.enum(timeParts), timezone: z.string().optional() }),
    }),
  ]),
);

/** The types of a feature; what each means for the density is written in docs/reference/features.md. */
export const featureTypes = ['real', 'positive', 'integer', 'unit', 'categorical', 'boolean', 'cyclic'] as const;
export type FeatureType = (typeof featureTypes)[number];

/** One feature of a detector, fully resolved: every default is filled in. */
export interface FeatureSpec {
  readonly name: string;
  readonly type: FeatureType;
  /** Where the value comes from; a plain string is a (dotted) column of the record. */
  readonly from: Expression;
  /** `score`: its density counts. `context`: it conditions the density and is not scored (always so for cyclic). */
  readonly role: 'score' | 'context';
  /** A null or absent value is a missing value instead of a dead letter. */
  readonly nullable: boolean;
  /** categorical: the most frequent levels that are told apart; the rest share the mass of unseen levels. */
  readonly maxLevels: number;
  /** cyclic: the length of one cycle, in the units of the value (milliseconds for times); null elsewhere. */
  readonly period: number | null;
}

/** A lookup table: rows by key. It becomes part of the model version, so that a stored score can be reproduced. */
export interface LookupTable {
  readonly key: string;
  readonly rows: Readonly<Record<string, Readonly<Record<string, string | number | null>>>>;
}
