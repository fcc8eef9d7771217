import type { WindowExpression } from '@flowline/events';

/** Property under which a record carries its window values. No field can have this name. */
const WINDOW_VALUES = Symbol('window values');

/** Window values of an event by {@link windowId}. NaN is a missing value. */
export type WindowValues = ReadonlyMap<string, number>;

/** Identifier of a window expression. Expressions with the same id have the same value. */
export const windowId = (expression: WindowExpression): string => JSON.stringify(expression);

/** Attaches window values to a record, for the expressions that read them. */
export function attachWindowValues(record: object, values: WindowValues): void {
  Object.assign(record, { [WINDOW_VALUES]: values });
}

/** Window values attached by {@link attachWindowValues}; undefined if there are none. */
export function windowValuesOf(record: object): WindowValues | undefined {
  return (record as { readonly [WINDOW_VALUES]?: WindowValues })[WINDOW_VALUES];
}
