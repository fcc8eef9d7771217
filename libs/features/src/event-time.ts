import { type EventTimeSpec, Numeral } from '@flowline/events';

import { compileExpression } from './expression.ts';
import type { FeatureRecord, Value } from './field.ts';
import { describe, Fault } from './fault.ts';
import { parseTime } from './time.ts';
import { timeFault } from './time-fault.ts';

const UNIT_MS = { ms: 1, s: 1000, us: 0.001 } as const;
/**
 * Lower limit of event times, which Postgres can store. The upper limit is that of JavaScript
 * times.
 */
const EARLIEST_MS = Date.parse('0001-01-01T00:00:00Z');

/** Compiles an event time: a function from a record to milliseconds since the epoch, or a fault. */
export function compileEventTime(spec: EventTimeSpec): (record: FeatureRecord) => number | Fault {
  const { field } = spec;
  const evaluate = compileExpression(field, {});
  const timeOf = eventTimeOf(spec);
  return (record) => {
    const value = evaluate(record);
    if (value instanceof Fault) return value;
    return value === null
      ? new Fault('missing_field', field, `The event time ${field} is absent or null.`)
      : timeOf(value);
  };
}

/**
 * Compiles the conversion of an event time's field value to milliseconds since the epoch, or a
 * fault.
 */
export function eventTimeOf({ field, unit }: EventTimeSpec): (value: Value) => number | Fault {
  const expected = unit === 'iso' ? 'ISO 8601 text' : `a number of ${unit} since the epoch`;
  return (value) => {
    const isNumber = typeof value === 'number' || value instanceof Numeral;
    const inUnit = unit === 'iso' ? typeof value === 'string' : isNumber;
    const timeMs = parseTime(unit !== 'iso' && isNumber ? Number(value) * UNIT_MS[unit] : value);
    if (inUnit && timeMs >= EARLIEST_MS) return timeMs;
    // Text is at fault for its form only if the unit calls for text.
    if (unit === 'iso' && typeof value === 'string')
      return timeFault(field, value, expected, `The event time ${field}`);
    return new Fault('bad_time', field, `The event time ${field} is ${describe(value)}; expected ${expected}.`);
  };
}
