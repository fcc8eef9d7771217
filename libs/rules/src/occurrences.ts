import { at, DAY_MS, instantsOf, messageOf, wallMs, wallTimeAt, type WallTime } from '@flowline/events';
import { RRuleTemporal } from 'rrule-temporal';

import { compact, type LocalEvent } from './local-events.ts';

/** Time during which an event lasts, in milliseconds since the epoch; the end is not part of it. */
export interface Occurrence {
  readonly fromMs: number;
  readonly toMs: number;
}

/** An event that is ready to be used. */
export interface PreparedEvent {
  /** Finds the occurrences that meet a span of time. */
  readonly find: (fromMs: number, toMs: number) => readonly Occurrence[];
  /** Beginnings that are looked at to find those of one day. */
  readonly perLook: number;
}

/** Beginnings of an event on one day. A repetition with more is refused. */
const MAX_PER_DAY = 1_000;

/**
 * Prepares an event. It repeats in local time: a beginning that clocks skip in spring is as far
 * after the change as it would have been, and one that they show twice in autumn is the first.
 * @throws Error with a message for people if the repetition cannot be read, or has too many or no
 * beginnings.
 */
export function prepareEvent(event: LocalEvent): PreparedEvent {
  const { startMs, timezone, length, exceptMs, alsoMs } = event;
  const { starts, perDay } =
    event.rrule === null ? { starts: onceAt(startMs), perDay: 0 } : repeated(event.rrule, event);
  const left = new Set(exceptMs);
  const occurrence = (localMs: number): Occurrence => {
    const fromMs = instantOf(localMs, timezone);
    const endOfDays = length.days === 0 ? fromMs : instantOf(localMs + length.days * DAY_MS, timezone);
    return { fromMs, toMs: endOfDays + length.ms };
  };
  const reachMs = length.days * DAY_MS + length.ms + 2 * DAY_MS;
  const find: PreparedEvent['find'] = (fromMs, toMs) => {
    const [first, last] = [fromMs - reachMs, toMs + 2 * DAY_MS];
    const also = alsoMs.filter((ms) => ms >= first && ms <= last);
    return [...new Set([...starts(first, last), ...also])]
      .filter((ms) => !left.has(ms))
      .map(occurrence)
      .filter((found) => found.toMs > fromMs && found.fromMs < toMs);
  };
  return { find, perLook: perDay * Math.ceil(reachMs / DAY_MS) };
}

type Starts = (firstMs: number, lastMs: number) => readonly number[];

const onceAt =
  (startMs: number): Starts =>
  (firstMs, lastMs) =>
    startMs >= firstMs && startMs <= lastMs ? [startMs] : [];

/** Beginnings of a repetition, computed in local time as though its zone were UTC. */
function repeated(
  rrule: string,
  { startMs, timezone }: LocalEvent,
): { readonly starts: Starts; readonly perDay: number } {
  const text = inLocalTime(rrule.replace(/^RRULE:/i, ''), timezone);
  if (/[\r\n]/.test(text)) throw new Error('a repetition has one line');
  if (/FREQ=(SECONDLY|MINUTELY)/i.test(text)) throw new Error('it repeats more often than every hour');
  const rule = new RRuleTemporal({ rruleString: `DTSTART;TZID=UTC:${compact(startMs)}\nRRULE:${text}`, strict: true });
  const first = firstOf(rule, startMs);
  const day = rule.between(new Date(first.epochMilliseconds), new Date(first.epochMilliseconds + DAY_MS - 1), true);
  if (day.length > MAX_PER_DAY) throw new Error(`it happens more than ${MAX_PER_DAY} times a day`);
  const starts: Starts = (firstMs, lastMs) =>
    lastMs < startMs
      ? []
      : rule.between(new Date(firstMs), new Date(lastMs), true).map(({ epochMilliseconds }) => epochMilliseconds);
  // A count is counted from the start, which the library gives up at some point.
  if (/COUNT=/i.test(text)) countable(() => starts(LAST_MS - DAY_MS, LAST_MS));
  return { starts, perDay: day.length };
}

/** Time by which every count is over, or too great. */
const LAST_MS = Date.UTC(2200, 0);

function countable(count: () => unknown): void {
  try {
    count();
  } catch (error) {
    if (!messageOf(error).includes('exceeded')) throw error;
    throw new Error('its COUNT is more than 10,000: write UNTIL', { cause: error });
  }
}

function firstOf(rule: RRuleTemporal, startMs: number): { readonly epochMilliseconds: number } {
  let first: { readonly epochMilliseconds: number } | null = null;
  try {
    first = rule.next(new Date(startMs), true);
  } catch (error) {
    // The library looks for a beginning in so many periods and gives up.
    if (!messageOf(error).includes('exceeded')) throw error;
  }
  if (first === null) throw new Error('it never happens');
  return first;
}

/** A repetition whose last time, if it names one, is local and read as UTC. */
function inLocalTime(rrule: string, timezone: string): string {
  return rrule.replace(/UNTIL=(\d{8}T\d{6})(Z?)/i, (_, until: string, isUtc: string) => {
    const local = isUtc === '' ? until : compact(wallMs(wallTimeAt(Date.parse(extended(until)), timezone)));
    return `UNTIL=${local}Z`;
  });
}

/** Instant of a local time, read as UTC. */
function instantOf(localMs: number, timezone: string): number {
  const date = new Date(localMs);
  const wall: WallTime = {
    ...{ year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() },
    ...{ hour: date.getUTCHours(), minute: date.getUTCMinutes(), second: date.getUTCSeconds() },
  };
  return at(instantsOf(wall, timezone), 0);
}

/** `2026-03-01T02:00:00Z` of `20260301T020000`. */
const extended = (text: string): string =>
  text.replace(/^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})$/, '$1-$2-$3T$4:$5:$6Z');
