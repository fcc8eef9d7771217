import type { CalendarSpec } from '@flowline/config';
import { DAY_MS, messageOf } from '@flowline/events';

import { Calendar } from './calendar.ts';
import type { Occurrence } from './occurrences.ts';
import type { RuleFault, Versioned } from './rule-set.ts';

/**
 * Creates the test whether models of a detector are not to learn from events of a time, in
 * milliseconds since the epoch, by the calendars with `training: false`. Calendars of certain
 * entities or features are about anomalies and have no say. Null if no calendar has one.
 * @param onFault called once for a calendar that cannot be used; it is passed over.
 */
export function untrainedTimes(
  detector: string,
  calendars: readonly Versioned<CalendarSpec>[],
  onFault: (fault: RuleFault) => void,
): ((timeMs: number) => boolean) | null {
  const passedOver = ({ name, version }: Versioned<CalendarSpec>, error: unknown): never[] => {
    onFault({ kind: 'Calendar', name, version, message: messageOf(error) });
    return [];
  };
  const mine = calendars
    .filter(({ spec }) => isOfAllEvents(spec, detector))
    .flatMap((found) => {
      try {
        return [{ found, calendar: new Calendar(found.spec) }];
      } catch (error) {
        return passedOver(found, error);
      }
    });
  if (mine.length === 0) return null;
  const faulty = new Set<string>();
  const occurrencesOf = (day: number): readonly Occurrence[] =>
    mine.flatMap(({ found, calendar }) => {
      if (faulty.has(found.name)) return [];
      try {
        return calendar.ofDay(day);
      } catch (error) {
        faulty.add(found.name);
        return passedOver(found, error);
      }
    });
  // A history is read in any order: all of its days are kept.
  const days = new Map<number, readonly Occurrence[]>();
  return (timeMs) => {
    const day = Math.floor(timeMs / DAY_MS);
    let occurrences = days.get(day);
    if (occurrences === undefined) days.set(day, (occurrences = isCalendarDay(day) ? occurrencesOf(day) : []));
    return occurrences.some(({ fromMs, toMs }) => timeMs >= fromMs && timeMs < toMs);
  };
}

const isOfAllEvents = ({ training, detectors, entities, features }: CalendarSpec, detector: string): boolean =>
  training === false &&
  entities === undefined &&
  features === undefined &&
  (detectors === undefined || detectors.includes(detector));

/** Days that a calendar knows: from 1900 to 2199. */
const isCalendarDay = (day: number): boolean =>
  day >= Math.floor(Date.UTC(1900, 0) / DAY_MS) && day < Math.floor(Date.UTC(2200, 0) / DAY_MS);
