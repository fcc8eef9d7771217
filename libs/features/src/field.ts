import { Numeral, toNumeral } from '@flowline/events';

import { Fault, wrongType } from './fault.ts';

/** Record as received: a history row, or the parsed JSON of an event. */
export type FeatureRecord = Readonly<Record<string, unknown>>;

/**
 * Compiled expression. Returns its value for a record, null if that is missing, or the record's
 * fault.
 */
export type Evaluate<T> = (record: FeatureRecord) => T | null | Fault;

/** Values of fields and expressions. */
export type Value = number | Numeral | string | boolean | Date;

const isRecord = (value: unknown): value is FeatureRecord =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Date) &&
  !(value instanceof Numeral);

/**
 * Compiles access to a record's own property. Only names of Object.prototype need the slower check.
 */
function property(name: string): (record: FeatureRecord) => unknown {
  return name in Object.prototype
    ? (record) => (Object.hasOwn(record, name) ? record[name] : undefined)
    : (record) => record[name];
}

/**
 * Compiles the reading of a field by its dotted path. An absent field is a missing value; an object
 * or a list is a fault.
 */
export function compileField(path: string): Evaluate<Value> {
  const read = property(path);
  const steps = path.split('.');
  const [first = path, ...rest] = steps;
  const nested = rest.length === 0 ? undefined : compileNested(first, rest);
  return (record) => {
    let value = read(record);
    // A database column may be called "geo.lat". In an event it is the field lat of geo.
    if (value === undefined && nested !== undefined) value = nested(record);
    switch (typeof value) {
      case 'number':
      case 'string':
      case 'boolean':
        return value;
      case 'undefined':
        return null;
      case 'bigint':
        return toNumeral(String(value));
      default:
        if (value === null || value instanceof Numeral || value instanceof Date || value instanceof Fault) return value;
        return wrongType(path, value, 'a number, text, true or false');
    }
  };
}

function compileNested(first: string, rest: readonly string[]): (record: FeatureRecord) => unknown {
  const start = property(first);
  const steps = rest.map((name, i) => ({ name, within: [first, ...rest.slice(0, i)].join('.'), read: property(name) }));
  return (record) => {
    let value = start(record);
    for (const { within, read } of steps) {
      if (value === undefined || value === null) return null;
      if (!isRecord(value)) return wrongType(within, value, 'an object');
      value = read(value);
    }
    return value;
  };
}
