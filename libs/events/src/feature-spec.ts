import { z } from 'zod';

import { DURATION_PATTERN } from './duration.ts';

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
  | { readonly timePart: { readonly of: Expression; readonly part: TimePart; readonly timezone?: string | undefined } }
  | WindowExpression;

/**
 * A value of the events of the same entity (see {@link EntitySpec}) that came before this one; missing where there is none.
 *
 * `lag`: the value of `of` in the event before this one, or `events` before it. `rolling`: a statistic of `of` over the
 * last `over` events, or over those within the duration `over` before this one; a count needs no `of`, and is 0 for none.
 */
export type WindowExpression =
  | { readonly lag: { readonly of: Expression; readonly events?: number | undefined } }
  | {
      readonly rolling: {
        readonly of?: Expression | undefined;
        readonly statistic: RollingStatistic;
        readonly over: number | string;
      };
    };

/** The statistics that `rolling` computes. */
export const rollingStatistics = ['mean', 'min', 'max', 'count'] as const;
export type RollingStatistic = (typeof rollingStatistics)[number];

/** The most events of one entity that a window holds, however long it is. */
export const WINDOW_MAX_EVENTS = 1_000;

/** Whose past an event's windows look at, and in whose order of time: part of a detector's source. */
export interface EntitySpec {
  /** The (dotted) fields that name the entity together. */
  readonly key: readonly string[];
  readonly time: EventTimeSpec;
}

/** Where an event's time is: units since the epoch, or ISO 8601 text. */
export interface EventTimeSpec {
  /** A (dotted) field. */
  readonly field: string;
  readonly unit: 'ms' | 's' | 'us' | 'iso';
}

/** The expressions that an expression is computed from. */
export function operandsOf(expression: Exclude<Expression, string>): readonly Expression[] {
  if ('log' in expression) return [expression.log];
  if ('asinh' in expression) return [expression.asinh];
  if ('difference' in expression) return expression.difference;
  if ('ratio' in expression) return expression.ratio;
  if ('haversine' in expression) return expression.haversine;
  if ('lookup' in expression) return [expression.lookup.key];
  if ('timePart' in expression) return [expression.timePart.of];
  if ('lag' in expression) return [expression.lag.of];
  return expression.rolling.of === undefined ? [] : [expression.rolling.of];
}

/** The window expressions within an expression, outermost first. */
export function windowExpressions(expression: Expression): readonly WindowExpression[] {
  if (typeof expression === 'string') return [];
  const own = 'lag' in expression || 'rolling' in expression ? [expression] : [];
  return [...own, ...operandsOf(expression).flatMap(windowExpressions)];
}

/** The calendar parts that `timePart` computes: numbers, with Monday as day 1. */
export const timeParts = ['minuteOfDay', 'hourOfDay', 'dayOfWeek', 'dayOfMonth', 'dayOfYear', 'month'] as const;
export type TimePart = (typeof timeParts)[number];

const windowEvents = z.int().min(1).max(WINDOW_MAX_EVENTS);

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
    z.strictObject({ lag: z.strictObject({ of: expressionSchema, events: windowEvents.optional() }) }),
    z.strictObject({
      rolling: z.strictObject({
        of: expressionSchema.optional(),
        statistic: z.enum(rollingStatistics),
        over: z.union([windowEvents, z.string().regex(DURATION_PATTERN)]),
      }),
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
