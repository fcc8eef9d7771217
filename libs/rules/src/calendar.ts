import type { CalendarSpec } from '@flowline/config';
import { DAY_MS, parseDurationMs } from '@flowline/events';

import { eventsOfIcs } from './ics.ts';
import type { EventLength, LocalEvent } from './local-events.ts';
import { type Occurrence, prepareEvent, type PreparedEvent } from './occurrences.ts';

/** Longest event of a calendar. */
const MAX_DAYS = 366;
/** Times that a calendar knows: event times far from them are in none of its events. */
const FIRST_MS = Date.UTC(1900, 0);
const LAST_MS = Date.UTC(2200, 0);
/** Most beginnings that are looked at for one day: those that last into it. */
const MAX_PER_LOOK = 10_000;
/** Days whose occurrences are kept. */
const KEPT_DAYS = 64;

/** Times of a calendar. */
export class Calendar {
  readonly #events: readonly PreparedEvent[];
  readonly #days = new Map<number, readonly Occurrence[]>();

  /** @throws Error with a message for people if its events cannot be read. */
  constructor(spec: Pick<CalendarSpec, 'timezone' | 'events' | 'ics'>) {
    const { timezone, events = [], ics } = spec;
    const local = ics === undefined ? events.map((event) => localEvent(event, timezone)) : eventsOfIcs(ics, timezone);
    for (const { length } of local) checkLength(length);
    this.#events = local.map(prepareEvent);
    if (this.#events.reduce((sum, { perLook }) => sum + perLook, 0) > MAX_PER_LOOK) {
      throw new Error(`more than ${MAX_PER_LOOK} repetitions meet one day: repeat less often, or for less time`);
    }
  }

  /** True if a time, in milliseconds since the epoch, is within an event. */
  contains(timeMs: number): boolean {
    if (!(timeMs >= FIRST_MS && timeMs < LAST_MS)) return false;
    return this.ofDay(Math.floor(timeMs / DAY_MS)).some(({ fromMs, toMs }) => timeMs >= fromMs && timeMs < toMs);
  }

  /** Occurrences that meet a UTC day, by its number since 1970. */
  ofDay(day: number): readonly Occurrence[] {
    const known = this.#days.get(day);
    if (known !== undefined) return known;
    const found = this.#events.flatMap(({ find }) => find(day * DAY_MS, (day + 1) * DAY_MS));
    if (this.#days.size >= KEPT_DAYS) this.#days.clear();
    this.#days.set(day, found);
    return found;
  }
}

function localEvent(
  { start, duration, rrule }: NonNullable<CalendarSpec['events']>[number],
  timezone: string,
): LocalEvent {
  const startMs = Date.parse(`${start.length === 10 ? `${start}T00:00` : start}Z`);
  // Dates such as 30 February are read as another day.
  const isDate = Number.isFinite(startMs) && new Date(startMs).toISOString().startsWith(start);
  if (!isDate) throw new Error(`there is no time ${start}`);
  return { startMs, timezone, length: lengthOf(duration), rrule: rrule ?? null, alsoMs: [], exceptMs: [] };
}

/** Length of a written duration: days and weeks end at the same local time. */
function lengthOf(duration: string): EventLength {
  const [, amount, unit] = /^(\d+)([dw])$/.exec(duration) ?? [];
  if (amount !== undefined) return { days: Number(amount) * (unit === 'w' ? 7 : 1), ms: 0 };
  return { days: 0, ms: parseDurationMs(duration) ?? 0 };
}

function checkLength({ days, ms }: EventLength): void {
  const length = days * DAY_MS + ms;
  if (!(length > 0)) throw new Error('an event ends before it has begun');
  if (length > MAX_DAYS * DAY_MS) throw new Error(`an event is longer than ${MAX_DAYS} days`);
}
