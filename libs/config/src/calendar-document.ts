import type { Immutable } from '@flowline/events';
import { z } from 'zod';

import type { Report } from './finding.ts';
import { isTimezone } from './resolve-features.ts';
import type { ReadText } from './resolve-lookups.ts';
import { scopeShape } from './scope.ts';

const text = z.string().min(1);
/** Largest .ics text, in characters. */
const MAX_ICS = 1_000_000;
/** A duration of an event: days and weeks end at the same local time, hours after so many hours. */
const EVENT_DURATION = /^\d+(?:\.\d+)?[smh]$|^\d+[dw]$/;
/** A local time, in the zone of the calendar. */
const LOCAL_TIME = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?)?$/;

const eventSchema = z.strictObject({
  start: z
    .string()
    .regex(LOCAL_TIME, 'expected a local time such as 2026-11-27T22:00')
    .describe('Local time at which it begins for the first time.'),
  duration: z
    .string()
    .regex(EVENT_DURATION, 'expected a duration such as 4h, 90m or 1d')
    .describe('Its length: `1d` ends at the same local time, `24h` after so many hours.'),
  rrule: text
    .max(500)
    .describe('Repetition (RFC 5545), such as `FREQ=WEEKLY;BYDAY=SU`; by default it happens once.')
    .optional(),
});

/** Schema of a calendar: times at which anomalies raise no alerts or events are not trained on. */
export const calendarSpecSchema = z.strictObject({
  timezone: text.describe('IANA zone of its local times.'),
  events: z.array(eventSchema).min(1).max(100).describe('Its events, as local times.').optional(),
  file: text.describe('An .ics file, relative to this one. It is stored with the calendar.').optional(),
  ics: text.max(MAX_ICS).describe('The text of an .ics file.').optional(),
  alerts: z.boolean().describe('`false`: anomalies within it are part of no alert.').optional(),
  training: z.boolean().describe('`false`: models do not learn from events within it.').optional(),
  ...scopeShape,
});

/** A calendar, without its name. */
export type CalendarSpec = Immutable<z.output<typeof calendarSpecSchema>>;

/** Checks a calendar and inlines its file; reports every finding. */
export function resolveCalendar(spec: CalendarSpec, readText: ReadText, report: Report): CalendarSpec {
  const { file, ...rest } = spec;
  if (!isTimezone(spec.timezone)) {
    const finding = `"${spec.timezone}" is not a time zone`;
    report(['spec', 'timezone'], finding, 'name an IANA zone such as Europe/Paris');
  }
  const given = [spec.events, spec.ics, file].filter((part) => part !== undefined);
  if (given.length !== 1) {
    const finding = given.length === 0 ? 'none of events, file and ics' : 'more than one of events, file and ics';
    report(['spec'], finding, 'write exactly one of events, file and ics');
  }
  if (file === undefined) return rest;
  const ics = readText(file);
  if (ics.length === 0 || ics.length > MAX_ICS) {
    report(['spec', 'file'], `${file} has ${ics.length} characters`, `expected 1 to ${MAX_ICS}`);
  }
  return { ...rest, ics };
}
