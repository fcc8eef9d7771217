import { at, wallTimeAt } from '@flowline/events';

import type { AbsencePolicy, Expectation, WeekOfIntervals } from './absence.ts';

/** Hours of a week. */
export const WEEK_HOURS = 168;

/** Expectation of silences from a time on, up to that of the one before it in a list. */
export interface ExpectationFrom extends Expectation {
  readonly fromMs: number;
}

const HOUR_MS = 3_600_000;
const QUARTER_MS = HOUR_MS / 4;

/** Hour of the week in a zone, from Monday 00:00 on, at an instant. */
export function hourOfWeek(instantMs: number, timezone: string): number {
  const { year, month, day, hour } = wallTimeAt(instantMs, timezone);
  const weekday = (new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7;
  return weekday * 24 + hour;
}

/**
 * Expectations of silences that last at a time, by their beginning, the latest first: the largest
 * of the hours of the week that the silence touches. The last one begins before all times.
 */
export function expectationsAt(policy: AbsencePolicy, untilMs: number): readonly ExpectationFrom[] {
  const { week } = policy;
  if (week === undefined) {
    const { expectEveryMs, alertAfterMs } = policy;
    return [{ fromMs: -Infinity, expectEveryMs, alertAfterMs }];
  }
  // Clocks of zones are apart by quarters of an hour: each lies within one hour of the week.
  const first = Math.floor(untilMs / QUARTER_MS) * QUARTER_MS;
  const known = latest.get(policy);
  if (known?.first === first) return known.found;
  const found = levelsOf(policy, week, first);
  latest.set(policy, { first, found });
  return found;
}

/** Expectations of a policy that were worked out last: every look asks for them. */
const latest = new WeakMap<AbsencePolicy, { readonly first: number; readonly found: readonly ExpectationFrom[] }>();

function levelsOf(policy: AbsencePolicy, week: WeekOfIntervals, first: number): readonly ExpectationFrom[] {
  const mostMs = Math.max(...week.hoursMs);
  const found: ExpectationFrom[] = [];
  let expectEveryMs = intervalAt(week, first);
  for (let fromMs = first; expectEveryMs < mostMs; fromMs -= QUARTER_MS) {
    const earlierMs = intervalAt(week, fromMs - QUARTER_MS);
    if (earlierMs <= expectEveryMs) continue;
    found.push({ fromMs, ...expectationOf(policy, expectEveryMs) });
    expectEveryMs = earlierMs;
  }
  return [...found, { fromMs: -Infinity, ...expectationOf(policy, expectEveryMs) }];
}

const intervalAt = ({ timezone, hoursMs }: WeekOfIntervals, instantMs: number): number =>
  at(hoursMs, hourOfWeek(instantMs, timezone));

/** Intervals without an event after which an alert opens, where events are expected by the hour. */
const PATIENCE = 1.5;

const expectationOf = ({ alertAfterMs }: AbsencePolicy, expectEveryMs: number): Expectation => ({
  expectEveryMs,
  alertAfterMs: Math.max(alertAfterMs, PATIENCE * expectEveryMs),
});
