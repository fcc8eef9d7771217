import { DAY_MS, FlowlineError, Numeral, parseIsoTime, type TimePart } from '@flowline/events';

import { levelText } from './level-text.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/**
 * ECMAScript's limit of time values, less a margin: local times and the preceding new year must be
 * in range too.
 */
const MAX_TIME_MS = 8.64e15 - 400 * DAY_MS;

/**
 * Parses a time of a record to milliseconds since the epoch: a Date, a number of milliseconds, or
 * ISO 8601 text (`2001-02-03`, `2001-02-03T04:05:06.789Z`, `2001-02-03 04:05:06,789+01:00`). Text
 * without an offset is UTC, on every machine. A leap second and 24:00:00 are the start of the next
 * day. NaN for anything else, and for days that do not exist.
 */
export function parseTime(value: unknown): number {
  if (typeof value === 'number') return Math.abs(value) <= MAX_TIME_MS ? value : NaN;
  // A char(n) column pads its text with spaces.
  if (typeof value === 'string') return parseIsoTime(levelText(value));
  if (typeof value === 'bigint' || value instanceof Numeral) return parseTime(Number(value));
  return value instanceof Date ? parseTime(value.getTime()) : NaN;
}

/**
 * Returns a function from milliseconds since the epoch to a calendar part, in an IANA time zone (by
 * default UTC). Minutes and hours count from 0, days and months from 1. Monday is 1.
 * @throws FlowlineError FLOWLINE_FEATURES_INVALID for a zone that this machine does not know.
 */
export function timePartOf(part: TimePart, timezone?: string): (timeMs: number) => number {
  const local = timezone === undefined || timezone === 'UTC' ? (timeMs: number) => timeMs : localTime(timezone);
  switch (part) {
    case 'minuteOfDay':
      return (timeMs) => Math.floor(modulo(local(timeMs), DAY_MS) / MINUTE_MS);
    case 'hourOfDay':
      return (timeMs) => Math.floor(modulo(local(timeMs), DAY_MS) / HOUR_MS);
    case 'dayOfWeek':
      // 1970-01-01 was a Thursday.
      return (timeMs) => modulo(Math.floor(local(timeMs) / DAY_MS) + 3, 7) + 1;
    case 'dayOfMonth':
      return (timeMs) => new Date(local(timeMs)).getUTCDate();
    case 'month':
      return (timeMs) => new Date(local(timeMs)).getUTCMonth() + 1;
    case 'dayOfYear':
      return (timeMs) => {
        const time = local(timeMs);
        const newYear = new Date(time).setUTCMonth(0, 1);
        return Math.floor(time / DAY_MS) - Math.floor(newYear / DAY_MS) + 1;
      };
  }
}

/** value mod divisor in [0, divisor), for negative values too. */
export function modulo(value: number, divisor: number): number {
  const rest = value % divisor;
  return rest < 0 ? rest + divisor : rest;
}

/**
 * Number of hours whose offset is cached: a call of Intl takes microseconds, and every event needs
 * one.
 */
const REMEMBERED_HOURS = 100_000;

function localTime(timezone: string): (timeMs: number) => number {
  const format = offsetFormat(timezone);
  const offsetAt = (timeMs: number): number => parseOffset(format.format(timeMs));
  let offsets = new Map<number, number>();
  return (timeMs) => {
    const hour = Math.floor(timeMs / HOUR_MS);
    const remembered = offsets.get(hour);
    if (remembered !== undefined) return timeMs + remembered;
    const first = offsetAt(hour * HOUR_MS);
    // An hour in which the clock changes is not cached.
    if (first !== offsetAt((hour + 1) * HOUR_MS - 1)) return timeMs + offsetAt(timeMs);
    if (offsets.size >= REMEMBERED_HOURS) offsets = new Map();
    offsets.set(hour, first);
    return timeMs + first;
  };
}

function offsetFormat(timezone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: timezone, timeZoneName: 'longOffset' });
  } catch (cause) {
    throw new FlowlineError('FLOWLINE_FEATURES_INVALID', `There is no time zone ${timezone}.`, {
      where: 'timePart.timezone',
      remedy: 'Use a name of the IANA time zone database, such as Europe/Paris.',
      cause,
    });
  }
}

/**
 * Parses the offset at the end of "2/3/2001, GMT-05:00" to milliseconds. "GMT" alone is 0; old
 * offsets have seconds.
 */
function parseOffset(text: string): number {
  const match = /GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/.exec(text);
  if (match === null) throw new RangeError(`Intl gave no offset: ${text}`);
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = match;
  const offset = Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS + Number(seconds) * 1000;
  return sign === '-' ? -offset : offset;
}
