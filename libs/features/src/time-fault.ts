import { parseIsoDay } from '@flowline/events';

import { describe, Fault } from './fault.ts';

const DAY = /^\d{4}-\d{2}-\d{2}(?!\d)/;

/**
 * Fault of a field that holds no valid time. For ISO 8601 text, the message names the part that
 * does not exist.
 * @param called name of the field in the message.
 */
export function timeFault(field: string, value: unknown, expected: string, called = field): Fault {
  return new Fault('bad_time', field, `${called} is ${describe(value)}${reasonOf(value, expected)}`);
}

function reasonOf(value: unknown, expected: string): string {
  if (value instanceof Date) return ' that does not exist.';
  if (typeof value !== 'string' || !DAY.test(value)) return `; expected ${expected}.`;
  if (Number.isNaN(parseIsoDay(value))) return ': there is no such day.';
  return `: there is no such time of day or offset; expected ${expected}, as in 2001-02-03T04:05:06.789Z.`;
}
