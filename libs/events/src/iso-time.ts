import { DAY_MS } from './duration.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/**
 * Parses ISO 8601 text to milliseconds since the epoch: a day (`2001-02-03`), or a time with or
 * without an offset (`2001-02-03T04:05:06.789Z`, `2001-02-03 04:05:06,789+01:00`). Text without an
 * offset is UTC on every machine. A leap second and 24:00:00 are the beginning of the next day. NaN
 * for any other text, and for days that do not exist.
 *
 * Hand-written because Date.parse reads text without an offset in the machine's time zone, rolls
 * days that do not exist over to later ones, and accepts text that is not ISO 8601.
 */
export function parseIsoTime(text: string): number {
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
      // Whole milliseconds, the precision of a Date: the same time read from a database has no
      // more.
      millisecond = Math.floor(Number(`0.${text.slice(start, at)}`) * 1000 + 1e-6);
    }
  }
  if (hour === 24 && minute + second + millisecond > 0) return NaN;
  const time = midnight + hour * HOUR_MS + minute * MINUTE_MS + second * 1000 - offsetMs(text, at);
  // A leap second is always the last second of a UTC day.
  return second === 60 && time % DAY_MS !== 0 ? NaN : time + millisecond;
}

/**
 * Parses the date at the start of a text to the midnight of that UTC day, in milliseconds since the
 * epoch. NaN if there is no date or the day does not exist.
 */
export function parseIsoDay(text: string): number {
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  if (!(year >= 100 && text[4] === '-' && month >= 1 && month <= 12 && text[7] === '-' && day >= 1)) return NaN;
  const midnight = Date.UTC(year, month - 1, day);
  return new Date(midnight).getUTCDate() === day ? midnight : NaN;
}

/**
 * Parses the UTC offset at the end of ISO 8601 text (hours; hours and minutes; or with seconds) to
 * milliseconds. 0 if there is none, NaN if it is malformed.
 */
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
      // Historical local mean times have offsets with seconds, as Postgres writes them.
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

/** Parses `count` digits at a position of a text. NaN if any other character is among them. */
function digits(text: string, at: number, count: number): number {
  let number = 0;
  for (let i = at; i < at + count; i++) {
    if (!isDigit(text, i)) return NaN;
    number = number * 10 + (text.charCodeAt(i) - 48);
  }
  return number;
}
