import { at, DAY_MS, instantsOf, wallMs, wallTimeAt } from '@flowline/events';
import ICAL from 'ical.js';

import { compact, type EventLength, type LocalEvent } from './local-events.ts';

/** Most events of a file. */
const MAX_EVENTS = 2_000;
/** Most further dates and exceptions of a file; events of one UID share theirs. */
const MAX_DATES = 10_000;

/**
 * Reads the events of an .ics text (RFC 5545): repetitions, exceptions, further dates, events that
 * were moved or cancelled.
 * @param timezone zone of times that name none, and of whole days.
 * @throws Error with a message for people if it cannot be read.
 */
export function eventsOfIcs(text: string, timezone: string): LocalEvent[] {
  const parsed = ICAL.parse(text) as unknown[];
  if (Array.isArray(parsed[0])) throw new Error('it has more than one VCALENDAR');
  const calendar = new ICAL.Component(parsed);
  const components = calendar.getAllSubcomponents('vevent');
  if (components.length === 0) throw new Error('it has no event');
  if (components.length > MAX_EVENTS) throw new Error(`it has more than ${MAX_EVENTS} events`);
  const moved = new Map<string, ICAL.Property[]>();
  for (const component of components) {
    const recurrence = component.getFirstProperty('recurrence-id');
    const uid = String(component.getFirstPropertyValue('uid'));
    if (recurrence !== null) moved.set(uid, [...(moved.get(uid) ?? []), recurrence]);
  }
  checkDates(components, moved);
  return components
    .filter((component) => component.getFirstPropertyValue('status') !== 'CANCELLED')
    .map((component) => {
      const isException = component.getFirstProperty('recurrence-id') !== null;
      const uid = String(component.getFirstPropertyValue('uid'));
      return eventOf(component, timezone, isException ? [] : (moved.get(uid) ?? []));
    });
}

/** Bounds the times that are converted: each takes a tenth of a millisecond. */
function checkDates(components: readonly ICAL.Component[], moved: ReadonlyMap<string, readonly unknown[]>): void {
  let dates = 0;
  for (const component of components) {
    for (const name of ['rdate', 'exdate']) {
      for (const property of component.getAllProperties(name)) dates += property.getValues().length;
    }
    dates += moved.get(String(component.getFirstPropertyValue('uid')))?.length ?? 0;
    if (dates > MAX_DATES) throw new Error(`it has more than ${MAX_DATES} further dates and exceptions`);
  }
}

function eventOf(component: ICAL.Component, calendarZone: string, moved: readonly ICAL.Property[]): LocalEvent {
  const start = component.getFirstProperty('dtstart');
  if (start === null) throw new Error('an event has no start');
  const timezone = zoneOf(start, calendarZone);
  const rule = component.getFirstPropertyValue('rrule');
  if (component.getAllProperties('rrule').length > 1) throw new Error('an event has more than one RRULE');
  const local = (properties: readonly ICAL.Property[]): number[] =>
    properties.flatMap((property) => localTimes(property, calendarZone, timezone));
  return {
    ...{ startMs: at(local([start]), 0), timezone, length: lengthOf(component, start, calendarZone) },
    rrule: rule === null ? null : String(rule),
    alsoMs: local(component.getAllProperties('rdate')),
    exceptMs: [...local(component.getAllProperties('exdate')), ...local(moved)],
  };
}

/** Zone of a property's times: the one that it names, UTC, or that of the calendar. */
function zoneOf(property: ICAL.Property, calendarZone: string): string {
  const named = property.getParameter('tzid');
  if (typeof named === 'string') {
    try {
      return new Intl.DateTimeFormat('en', { timeZone: named }).resolvedOptions().timeZone;
    } catch {
      throw new Error(`"${named}" is not an IANA time zone`);
    }
  }
  return property.toICALString().endsWith('Z') ? 'UTC' : calendarZone;
}

/** Times of a property in the zone of its event, read as UTC. */
function localTimes(property: ICAL.Property, calendarZone: string, timezone: string): number[] {
  const zone = zoneOf(property, calendarZone);
  return property.getValues().map((value: unknown) => {
    if (!(value instanceof ICAL.Time)) throw new Error(`${property.name} is no time`);
    const local = digitsOf(value);
    checkDigits(property, local);
    return zone === timezone || value.isDate ? local : wallMs(wallTimeAt(instantOf(value, zone), timezone));
  });
}

/** Refuses a time such as 30 February or 24:61, which the library reads as another. */
function checkDigits(property: ICAL.Property, ms: number): void {
  if (property.isMultiValue) return;
  const written = property.toICALString().replace(/^.*:/, '').replace(/Z$/, '');
  if (!compact(ms).startsWith(written)) throw new Error(`there is no time ${written}`);
}

function lengthOf(component: ICAL.Component, start: ICAL.Property, calendarZone: string): EventLength {
  const from = start.getFirstValue();
  const duration: unknown = component.getFirstPropertyValue('duration');
  if (duration instanceof ICAL.Duration) {
    if (duration.isNegative) throw new Error('an event ends before it has begun');
    const days = duration.weeks * 7 + duration.days;
    return { days, ms: ((duration.hours * 60 + duration.minutes) * 60 + duration.seconds) * 1_000 };
  }
  const end = component.getFirstProperty('dtend');
  const to: unknown = end?.getFirstValue();
  if (!(from instanceof ICAL.Time)) throw new Error('an event has no start');
  if (end === null || !(to instanceof ICAL.Time)) return { days: from.isDate ? 1 : 0, ms: 0 };
  if (from.isDate) return { days: Math.round((digitsOf(to) - digitsOf(from)) / DAY_MS), ms: 0 };
  return { days: 0, ms: instantOf(to, zoneOf(end, calendarZone)) - instantOf(from, zoneOf(start, calendarZone)) };
}

/** A time as it is written, read as UTC. */
const digitsOf = ({ year, month, day, hour, minute, second }: ICAL.Time): number =>
  wallMs({ year, month, day, hour, minute, second });

const instantOf = (time: ICAL.Time, zone: string): number => at(instantsOf(time, zone), 0);
