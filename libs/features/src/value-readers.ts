import { type FeatureSpec, Numeral } from '@flowline/events';

import { compileExpression, compileName, compileNumber, compileTime, nameOf } from './expression.ts';
import { Fault, describe, wrongType } from './fault.ts';
import { scaleOf } from './feature-schema.ts';
import type { Evaluate } from './field.ts';
import type { Lookups } from './lookup-column.ts';
import { largestValue, MAX_FLOAT32 } from './plain-columns.ts';

/** Compiles the reader of a numeric feature. */
export function numberReader(spec: FeatureSpec, lookups: Lookups): Evaluate<number> {
  const { value: expression } = scaleOf(spec);
  const evaluate = spec.type === 'cyclic' ? compileCycle(expression, lookups) : compileNumber(expression, lookups);
  const limit = largestValue(spec);
  const name = typeof expression === 'string' ? expression : spec.name;
  return (record) => {
    const value = evaluate(record);
    if (typeof value === 'number') {
      if (Math.abs(value) <= limit) return value;
      return Number.isFinite(value)
        ? new Fault('out_of_range', name, `${name} is ${describe(value)}, beyond ±${MAX_FLOAT32.toPrecision(3)}.`)
        : new Fault('not_finite', name, `${name} is ${value}; expected a finite number.`);
    }
    return orMissing(value, spec, name);
  };
}

/** Compiles a cyclic value: a number in the units of its period, or a time in milliseconds. */
function compileCycle(expression: FeatureSpec['from'], lookups: Lookups): Evaluate<number> {
  const evaluate = compileExpression(expression, lookups);
  const time = compileTime(expression, lookups);
  return (record) => {
    const value = evaluate(record);
    if (value instanceof Numeral) return value.valueOf();
    return typeof value === 'number' || value === null || value instanceof Fault ? value : time(record);
  };
}

/** Compiles the reader of a feature with levels. */
export function levelReader(spec: FeatureSpec, lookups: Lookups): Evaluate<string> {
  const name = typeof spec.from === 'string' ? spec.from : spec.name;
  const evaluate = spec.type === 'boolean' ? compileBoolean(spec, name, lookups) : compileName(spec.from, lookups);
  return (record) => {
    const value = evaluate(record);
    return value === null || value instanceof Fault ? orMissing(value, spec, name) : value;
  };
}

function compileBoolean(spec: FeatureSpec, name: string, lookups: Lookups): Evaluate<string> {
  const evaluate = compileExpression(spec.from, lookups);
  return (record) => {
    const value = evaluate(record);
    if (value === null || value instanceof Fault) return value;
    return typeof value === 'boolean' ? String(value) : wrongType(name, value, 'true or false');
  };
}

/**
 * Returns null if a missing value, or a key absent from a lookup table, is allowed for a feature;
 * otherwise the fault.
 */
function orMissing(value: null | Fault, spec: FeatureSpec, name: string): null | Fault {
  if (value === null) {
    if (spec.nullable) return null;
    const of = typeof spec.from === 'string' ? '' : ` (for the feature ${spec.name}, ${nameOf(spec.from)})`;
    return new Fault('missing_field', name, `${name}${of} is absent or null, and the feature is not nullable.`);
  }
  return value.reason === 'unknown_key' && spec.nullable ? null : value;
}
