import { parseIsoDay } from '@flowline/events';

import { describe, Fault } from './fault.ts';

/** First year of which days are parsed, as its digits. */
const EARLIEST_YEAR = '0100';
const DAY = /^\d{4}-\d{2}-\d{2}(?!\d)/;

/** True for text that begins as an ISO 8601 day, whether or not the day exists. */
export const looksLikeTime = (text: string): boolean => DAY.test(text);

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
  if (value < EARLIEST_YEAR) return `: times before the year ${Number(EARLIEST_YEAR)} are not supported.`;
  if (Number.isNaN(parseIsoDay(value))) return ': there is no such day.';
  return `: there is no such time of day or offset; expected ${expected}, as in 2001-02-03T04:05:06.789Z.`;
}
