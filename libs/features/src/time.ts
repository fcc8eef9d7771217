import { FlowlineError, Numeral, type TimePart } from '@flowline/events';

import { levelText } from './level-text.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** The range of ECMAScript time values, less some: local times and the new year before are to be in it too. */
const MAX_TIME_MS = 8.64e15 - 400 * DAY_MS;

/**
 * Milliseconds since the epoch of a time as records hold it: a Date, a number of milliseconds, or ISO 8601 text
 * (`2001-02-03`, `2001-02-03T04:05:06.789Z`, `2001-02-03 04:05:06,789+01:00`). Text without an offset is UTC, on every machine.
 * A leap second, and 24:00:00, are the beginning of the next day. NaN for anything else, and for days that do not exist.
 */
export function parseTime(value: unknown): number {
  if (typeof value === 'number') return Math.abs(value) <= MAX_TIME_MS ? value : NaN;
  // A char(n) column fills its text up with spaces.
  if (typeof value === 'string') return parseIsoTime(levelText(value));
  if (typeof value === 'bigint' || value instanceof Numeral) return parseTime(Number(value));
  return value instanceof Date ? parseTime(value.getTime()) : NaN;
}

/** Hand-written because Date.parse reads text without an offset in the zone of the machine, and accepts what is no ISO text. */
function parseIsoTime(text: string): number {
  const midnight = parseIsoDay(text);
  if (Number.isNaN(midnight) || text.length === 10) return midnight;
  const separator = text[10];
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  if (!(separator === 'T' || separator === ' ' || separator === 't')) return NaN;
  if (!(hour <= 24 && text[13] === ':' && minute <= 59)) return NaN;
  let second = 0;
  let millisecond = 0;
  let at = 16;
  if (text[at] === ':') {
    second = digits(text, 17, 2);
    if (!(second <= 60)) return NaN;
    at = 19;
    if (text[at] === '.' || text[at] === ',') {
      const start = ++at;
      while (isDigit(text, at)) at++;
      if (at === start) return NaN;
      // Whole milliseconds: a Date of the same time, as a database returns it, has no more.
      millisecond = Math.floor(Number(`0.${text.slice(start, at)}`) * 1000 + 1e-6);
    }
  }
  if (hour === 24 && minute + second + millisecond > 0) return NaN;
  const time = midnight + hour * HOUR_MS + minute * MINUTE_MS + second * 1000 - offsetMs(text, at);
  // Leap seconds are the last ones of a day of UTC.
  return second === 60 && modulo(time, DAY_MS) !== 0 ? NaN : time + millisecond;
}

/** The beginning of the day of UTC that a text begins with; NaN where it is none, or does not exist. */
export function parseIsoDay(text: string): number {
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  if (!(year >= 100 && text[4] === '-' && month >= 1 && month <= 12 && text[7] === '-' && day >= 1)) return NaN;
  const midnight = Date.UTC(year, month - 1, day);
  return new Date(midnight).getUTCDate() === day ? midnight : NaN;
}

/** The offset from UTC that ends ISO text (hours, or with minutes, or with seconds too); 0 for none; NaN where it is malformed. */
function offsetMs(text: string, at: number): number {
  const sign = text[at];
  if (sign === undefined) return 0;
  if (sign === 'Z' || sign === 'z') return at + 1 === text.length ? 0 : NaN;
  if (sign !== '+' && sign !== '-') return NaN;
  const hours = digits(text, at + 1, 2);
  if (!(hours <= 23)) return NaN;
  let minutes = 0;
  let seconds = 0;
  if (at + 3 !== text.length) {
    const start = text[at + 3] === ':' ? at + 4 : at + 3;
    minutes = digits(text, start, 2);
    let end = start + 2;
    if (start === at + 4 && text[end] === ':') {
      // Local mean times of long ago, as Postgres writes them.
      seconds = digits(text, end + 1, 2);
      end += 3;
    }
    if (!(minutes <= 59 && seconds <= 59) || end !== text.length) return NaN;
  }
  return (sign === '-' ? -1 : 1) * (hours * HOUR_MS + minutes * MINUTE_MS + seconds * 1000);
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}

/** The number that `count` digits at a place of a text make; NaN when there is anything else. */
function digits(text: string, at: number, count: number): number {
  let number = 0;
  for (let i = at; i < at + count; i++) {
    if (!isDigit(text, i)) return NaN;
    number = number * 10 + (text.charCodeAt(i) - 48);
  }
  return number;
}

/**
 * A function from milliseconds since the epoch to a calendar part, in an IANA time zone (UTC when none is named).
 * Minutes and hours count from 0; days and months from 1; Monday is 1.
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

/** Hours whose offset is remembered: asking Intl costs microseconds, and every event asks. */
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
    // An hour in which the clock changes is not remembered.
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

/** Reads the offset at the end of "2/3/2001, GMT-05:00" ("GMT" alone is 0; old offsets have seconds), in milliseconds. */
function parseOffset(text: string): number {
  const match = /GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/.exec(text);
  if (match === null) throw new RangeError(`Intl gave no offset: ${text}`);
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = match;
  const offset = Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS + Number(seconds) * 1000;
  return sign === '-' ? -offset : offset;
}
