import type { HistoryDay } from '@flowline/db';

import { rowsOfDays, type Stretch, stretchesOf, usualDays, weightedMedian } from './history-stretches.ts';

const DAY_MS = 86_400_000;
/** A history of a moment is taken for one of an hour: no rate per day follows from it. */
const LEAST_DAYS = 1 / 24;
/** Stretches with a smaller share of the rows say nothing of the rate. */
const LEAST_SHARE = 0.005;
/** So many days apart from one another show what a day of the stream is; fewer may each be a part of one. */
const DAYS_APART = 7;

/**
 * Rate of a stream's events per day, over the days that have data: a gap, a weekend off or a stray time do not thin it. A day at the
 * end of a stretch counts for as much of it as there is: by the clock, or by its rows beside those of a whole day.
 * @param days those that have rows, in their order.
 */
export function eventsPerDay(days: readonly HistoryDay[]): number {
  if (days.length === 0) return 0;
  const all = stretchesOf(days, usualDays(days).silentDays);
  const large = all.filter((stretch) => rowsOfDays(stretch) > LEAST_SHARE * rowsOfDays(days));
  const stretches = rowsOfDays(large.flat()) > rowsOfDays(days) / 2 ? large : all;
  const whole = rowsOfWholeDay(stretches);
  const covered = stretches.reduce((sum, stretch) => sum + coveredDays(stretch, whole), 0);
  return rowsOfDays(stretches.flat()) / Math.max(covered, LEAST_DAYS);
}

/** Rows of a whole day; infinite where none is known to be one. */
function rowsOfWholeDay(stretches: readonly Stretch[]): number {
  const inner = stretches.flatMap((stretch) => stretch.slice(1, -1));
  const days = stretches.flat();
  const whole = inner.length > 0 ? inner : days.length >= DAYS_APART ? days.slice(1, -1) : [];
  return whole.length === 0 ? Infinity : weightedMedian(whole.map(({ rows }) => [rows, rows]));
}

/** The days of a stretch, empty ones within it too, its first and last in part. */
function coveredDays(stretch: Stretch, wholeRows: number): number {
  const [first] = stretch;
  const last = stretch.at(-1) ?? first;
  const part = ({ rows }: HistoryDay, ms: number): number => Math.min(1, Math.max(ms / DAY_MS, rows / wholeRows));
  if (first === last) return part(first, first.lastMs - first.firstMs);
  const between = (last.startMs - first.startMs) / DAY_MS - 1;
  return part(first, first.startMs + DAY_MS - first.firstMs) + between + part(last, last.lastMs - last.startMs);
}
