import type { WindowExpression } from '@flowline/events';

/** Where a record carries the values of its windows: no field can have this name. */
const WINDOW_VALUES = Symbol('window values');

/** The values of an event's windows by their {@link windowId}; NaN is a missing value. */
export type WindowValues = ReadonlyMap<string, number>;

/** Two window expressions of one id have one value. */
export const windowId = (expression: WindowExpression): string => JSON.stringify(expression);

/** Gives a record the values of its windows, for the expressions that read them. */
export function attachWindowValues(record: object, values: WindowValues): void {
  Object.assign(record, { [WINDOW_VALUES]: values });
}

/** The values that {@link attachWindowValues} gave a record; undefined where nobody did. */
export function windowValuesOf(record: object): WindowValues | undefined {
  return (record as { readonly [WINDOW_VALUES]?: WindowValues })[WINDOW_VALUES];
}
