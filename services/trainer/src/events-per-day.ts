import type { HistoryDay } from '@flowline/db';
import { DAY_MS } from '@flowline/events';

import { rowsOfDays, type Stretch, stretchesOf, usualDays, weightedMedian } from './history-stretches.ts';

/**
 * Minimum duration of a history. A shorter one counts as one hour, as no rate per day follows from
 * it.
 */
const LEAST_DAYS = 1 / 24;
/** Minimum share of the rows. Smaller stretches say nothing about the rate. */
const LEAST_SHARE = 0.005;
/**
 * Minimum number of isolated days that show the rows of a whole day; with fewer, each may be only
 * part of one.
 */
const DAYS_APART = 7;

/**
 * Rate of a stream in events per day, over the days that have data, so that gaps, weekends off and
 * stray times do not lower it. A day at either end of a stretch counts in part: by the clock, or by
 * the ratio of its rows to those of a whole day.
 * @param days days that have rows, in order.
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

/** Rows of a whole day; infinite if no day is known to be whole. */
function rowsOfWholeDay(stretches: readonly Stretch[]): number {
  const inner = stretches.flatMap((stretch) => stretch.slice(1, -1));
  const days = stretches.flat();
  const whole = inner.length > 0 ? inner : days.length >= DAYS_APART ? days.slice(1, -1) : [];
  return whole.length === 0 ? Infinity : weightedMedian(whole.map(({ rows }) => [rows, rows]));
}

/** Days that a stretch covers. Empty days within it count; its first and last day count in part. */
function coveredDays(stretch: Stretch, wholeRows: number): number {
  const [first] = stretch;
  const last = stretch.at(-1) ?? first;
  const part = ({ rows }: HistoryDay, ms: number): number => Math.min(1, Math.max(ms / DAY_MS, rows / wholeRows));
  if (first === last) return part(first, first.lastMs - first.firstMs);
  const between = (last.startMs - first.startMs) / DAY_MS - 1;
  return part(first, first.startMs + DAY_MS - first.firstMs) + between + part(last, last.lastMs - last.startMs);
}
