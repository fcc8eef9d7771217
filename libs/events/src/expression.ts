import { z } from 'zod';

import { DURATION_PATTERN } from './duration.ts';

/**
 * An expression over the fields of a record: a column (dotted path), or a derived value from a
 * closed set.
 *
 * `log` and `asinh` as the outermost operation are changes of scale: the feature keeps the value of
 * their operand, in its own units, and the density includes the Jacobian. Inside another operation
 * they are plain arithmetic.
 */
export type Expression =
  | string
  | { readonly log: Expression }
  | { readonly asinh: Expression }
  | { readonly difference: readonly [Expression, Expression] }
  | { readonly ratio: readonly [Expression, Expression] }
  /** Great-circle distance in km between [latitude, longitude, latitude, longitude] in degrees. */
  | { readonly haversine: readonly [Expression, Expression, Expression, Expression] }
  /** Column `value` of the row whose key equals `key` in the named lookup table. */
  | { readonly lookup: { readonly table: string; readonly key: Expression; readonly value: string } }
  | { readonly timePart: { readonly of: Expression; readonly part: TimePart; readonly timezone?: string | undefined } }
  | WindowExpression;

/**
 * A value over earlier events of the same entity (see `EntitySpec`). Missing if there are
 * none.
 *
 * `lag`: the value of `of` in the previous event, or `events` events back. `rolling`: a statistic
 * of `of` over the last `over` events, or over the events within the duration `over` before this
 * one. A count needs no `of`, and is 0 if there are no events.
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

/** Statistics that `rolling` computes. */
export const rollingStatistics = ['mean', 'min', 'max', 'count'] as const;
export type RollingStatistic = (typeof rollingStatistics)[number];

/** Maximum events that a window holds per entity, however long its duration. */
export const WINDOW_MAX_EVENTS = 1_000;

/** Direct operands of an expression. */
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

/** Window expressions within an expression, outermost first. */
export function windowExpressions(expression: Expression): readonly WindowExpression[] {
  if (typeof expression === 'string') return [];
  const own = 'lag' in expression || 'rolling' in expression ? [expression] : [];
  return [...own, ...operandsOf(expression).flatMap(windowExpressions)];
}

/** Calendar parts that `timePart` computes, as numbers. Monday is day 1. */
export const timeParts = ['minuteOfDay', 'hourOfDay', 'dayOfWeek', 'dayOfMonth', 'dayOfYear', 'month'] as const;
export type TimePart = (typeof timeParts)[number];

const windowEvents = z.int().min(1).max(WINDOW_MAX_EVENTS);

export const expressionSchema: z.ZodType<Expression, Expression> = z.lazy(() =>
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
