import { FlowlineError, Numeral, type Expression, type WindowExpression } from '@flowline/events';

import { Fault, describe, wrongType } from './fault.ts';
import { compileField, type Evaluate, type Value } from './field.ts';
import { haversineKm } from './haversine.ts';
import { levelText } from './level-text.ts';
import { lookupColumn, type Lookups } from './lookup-column.ts';
import { parseTime, timePartOf } from './time.ts';
import { looksLikeTime, timeFault } from './time-fault.ts';
import { windowId, windowValuesOf } from './windows/window-values.ts';

export type { Evaluate, FeatureRecord, Value } from './field.ts';
export type { Lookups } from './lookup-column.ts';

/**
 * Compiles an expression to a closure. A missing operand makes the result missing, a faulty one
 * makes it faulty. Arithmetic may return NaN or an infinite number.
 * @throws FlowlineError FLOWLINE_FEATURES_INVALID for an unknown lookup table, column of one, or
 * time zone.
 */
export function compileExpression(expression: Expression, lookups: Lookups): Evaluate<Value> {
  if (typeof expression === 'string') return compileField(expression);
  if ('lookup' in expression) return compileLookup(expression.lookup, lookups);
  return compileNumber(expression, lookups);
}

/** Text that databases write to JSON for non-finite float8 values. */
const NOT_FINITE = /^(NaN|[-+]?Infinity)$/;

/**
 * Like {@link compileExpression}, for a numeric operand: numbers, and times (Dates, ISO 8601 text)
 * as milliseconds since the epoch. Other text is a fault, except that of a non-finite float8.
 */
export function compileNumber(expression: Expression, lookups: Lookups): Evaluate<number> {
  if (typeof expression === 'string' || 'lookup' in expression) {
    const evaluate = compileExpression(expression, lookups);
    const name = nameOf(expression);
    return (record) => {
      const value = evaluate(record);
      if (typeof value === 'number' || value === null || value instanceof Fault) return value;
      if (value instanceof Numeral) return value.valueOf();
      if (value instanceof Date) return value.getTime();
      return typeof value === 'string' ? numberOfText(value, name) : wrongType(name, value, 'a number');
    };
  }
  if ('log' in expression) {
    const operand = compileNumber(expression.log, lookups);
    return (record) => {
      const value = operand(record);
      return typeof value === 'number' ? Math.log(value) : value;
    };
  }
  if ('asinh' in expression) {
    const operand = compileNumber(expression.asinh, lookups);
    return (record) => {
      const value = operand(record);
      return typeof value === 'number' ? Math.asinh(value) : value;
    };
  }
  if ('difference' in expression) return binary(expression.difference, lookups, (a, b) => a - b);
  if ('ratio' in expression) return binary(expression.ratio, lookups, (a, b) => a / b);
  if ('haversine' in expression) return compileHaversine(expression.haversine, lookups);
  if ('lag' in expression || 'rolling' in expression) return readWindow(expression);
  const part = timePartOf(expression.timePart.part, expression.timePart.timezone);
  const time = compileTime(expression.timePart.of, lookups);
  return (record) => {
    const value = time(record);
    return typeof value === 'number' ? part(value) : value;
  };
}

/** Converts text in place of a number: a time, or a non-finite float8. Other text is a fault. */
function numberOfText(text: string, name: string): number | Fault {
  const time = parseTime(text);
  if (!Number.isNaN(time)) return time;
  if (looksLikeTime(text)) return timeFault(name, text, 'a number or a time');
  return NOT_FINITE.test(text) ? Number(text.replace('+', '')) : wrongType(name, text, 'a number');
}

/**
 * Like {@link compileExpression}, for a name (a level, a key): text, numbers in their original
 * spelling, true and false. Trailing spaces are removed.
 */
export function compileName(expression: Expression, lookups: Lookups): Evaluate<string> {
  const evaluate = compileExpression(expression, lookups);
  const name = nameOf(expression);
  return (record) => {
    const value = evaluate(record);
    if (value === null || value instanceof Fault) return value;
    return nameOfValue(value, name);
  };
}

const NAME = 'text, a number, true or false';

function nameOfValue(value: Value, field: string): string | Fault {
  if (value instanceof Date) return wrongType(field, value, NAME);
  if (typeof value === 'number' && !Number.isFinite(value))
    return new Fault('not_finite', field, `${field} is ${value}; expected ${NAME}.`);
  const text = levelText(value instanceof Numeral ? value.text : String(value));
  // Postgres cannot store a NUL character, and one such event must not block its batch.
  return text.includes('\0')
    ? new Fault('wrong_type', field, `${field} is text with a NUL character, which cannot be stored.`)
    : text;
}

/**
 * Like {@link compileExpression}, for a time: Dates, ISO 8601 text and numbers of milliseconds, as
 * milliseconds since the epoch.
 */
export function compileTime(expression: Expression, lookups: Lookups): Evaluate<number> {
  const evaluate = compileExpression(expression, lookups);
  const name = nameOf(expression);
  return (record) => {
    const value = evaluate(record);
    if (value === null || value instanceof Fault) return value;
    if (typeof value === 'boolean') return wrongType(name, value, 'a time');
    const time = parseTime(value);
    return Number.isNaN(time) ? timeFault(name, value, 'ISO 8601 or milliseconds since the epoch') : time;
  };
}

/** Name of an expression in messages: its field, or its operation. */
export function nameOf(expression: Expression): string {
  if (typeof expression === 'string') return expression;
  if ('lookup' in expression) return `${expression.lookup.table}.${expression.lookup.value}`;
  return Object.keys(expression).join();
}

function binary(
  operands: readonly [Expression, Expression],
  lookups: Lookups,
  operation: (a: number, b: number) => number,
): Evaluate<number> {
  const first = compileNumber(operands[0], lookups);
  const second = compileNumber(operands[1], lookups);
  return (record) => {
    const a = first(record);
    const b = second(record);
    return typeof a === 'number' && typeof b === 'number' ? operation(a, b) : worse(a, b);
  };
}

/**
 * Compiles the lookup of a window's value, as attached to the record by the windows of its entity.
 */
function readWindow(expression: WindowExpression): Evaluate<number> {
  const id = windowId(expression);
  return (record) => {
    const value = windowValuesOf(record)?.get(id);
    if (value !== undefined) return Number.isNaN(value) ? null : value;
    throw new FlowlineError('FLOWLINE_USAGE', 'A record was read without the windows of its entity.', {
      where: nameOf(expression),
      remedy: 'Read the records of a schema with windows together with an EntityWindows.',
    });
  };
}

function compileHaversine(
  operands: readonly [Expression, Expression, Expression, Expression],
  lookups: Lookups,
): Evaluate<number> {
  const latitude1 = compileNumber(operands[0], lookups);
  const longitude1 = compileNumber(operands[1], lookups);
  const latitude2 = compileNumber(operands[2], lookups);
  const longitude2 = compileNumber(operands[3], lookups);
  return (record) => {
    const a = latitude1(record);
    const b = longitude1(record);
    const c = latitude2(record);
    const d = longitude2(record);
    return typeof a === 'number' && typeof b === 'number' && typeof c === 'number' && typeof d === 'number'
      ? haversineKm(a, b, c, d)
      : worse(worse(a, b), worse(c, d));
  };
}

/**
 * Returns the operand that explains why there is no number: a fault takes precedence over a missing
 * value.
 */
function worse(a: number | null | Fault, b: number | null | Fault): number | null | Fault {
  if (a instanceof Fault) return a;
  if (b instanceof Fault) return b;
  return a === null ? a : b;
}

function compileLookup(
  { table, key, value }: { readonly table: string; readonly key: Expression; readonly value: string },
  lookups: Lookups,
): Evaluate<Value> {
  const rows = lookupColumn(table, value, lookups);
  const evaluate = compileName(key, lookups);
  const keyName = nameOf(key);
  return (record) => {
    const name = evaluate(record);
    if (name === null || name instanceof Fault) return name;
    const found = rows.get(name);
    if (found !== undefined) return found;
    return new Fault(
      'unknown_key',
      keyName,
      `${keyName} is ${describe(name)}, which the lookup table ${table} does not have.`,
    );
  };
}
