import { type Expression, operandsOf } from '@flowline/events';

/**
 * Names in an expression: columns of the record, lookup tables with their columns, and time zones.
 */
export interface ExpressionNames {
  readonly columns: readonly string[];
  readonly lookups: readonly { readonly table: string; readonly value: string }[];
  readonly timezones: readonly string[];
}

/** Collects the names within an expression, outermost first. */
export function expressionNames(expression: Expression): ExpressionNames {
  if (typeof expression === 'string') return { columns: [expression], lookups: [], timezones: [] };
  const inner = operandsOf(expression).map(expressionNames);
  const lookup = 'lookup' in expression ? [{ table: expression.lookup.table, value: expression.lookup.value }] : [];
  const timezone = 'timePart' in expression ? expression.timePart.timezone : undefined;
  return {
    columns: inner.flatMap((names) => names.columns),
    lookups: [...lookup, ...inner.flatMap((names) => names.lookups)],
    timezones: [...(timezone === undefined ? [] : [timezone]), ...inner.flatMap((names) => names.timezones)],
  };
}
