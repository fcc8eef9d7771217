import type { DetectorDefinition } from '@flowline/config';
import type { HistoryBatch, HistoryDay } from '@flowline/db';
import { DAY_MS, FlowlineError } from '@flowline/events';

import { longestWindowMs } from './history-reader.ts';
import { rowsOfDays } from './history-stretches.ts';
import type { UsualTimes } from './usual-times.ts';

/** Time range to read, in milliseconds since the epoch. */
export interface ReadRange {
  /** Start of the lookback. */
  readonly fromMs: number;
  /** End, exclusive. */
  readonly toMs: number;
  /** Start of the rows that are wanted: all windows have seen their whole duration there. */
  readonly wantedFromMs: number;
  /** Start of the rows that are read: the longest window earlier. */
  readonly readFromMs: number;
  /** Time from which all events are among the rows that are read. */
  readonly seenFromMs: number;
}

/** The newest lookback of the usual times. */
export function rangeOf(times: UsualTimes | null, lookbackMs: number | null, longestMs: number): ReadRange {
  const { fromMs: firstMs, toMs: lastMs } = times ?? { fromMs: 0, toMs: 0 };
  const fromMs = lookbackMs === null ? firstMs : Math.max(firstMs, lastMs - lookbackMs);
  const wantedFromMs = Math.max(fromMs, firstMs + longestMs);
  const readFromMs = wantedFromMs - longestMs;
  // The end includes the microseconds of the last row.
  return { fromMs, toMs: lastMs + 1, wantedFromMs, readFromMs, seenFromMs: readFromMs };
}

/** Days of a range whose first one may begin within a day: the rows of the others are known. */
export function daysFrom(
  days: readonly HistoryDay[],
  { rows, firstMs }: NonNullable<HistoryBatch['totals']>,
): readonly HistoryDay[] {
  const later = days.filter(({ startMs }) => startMs > firstMs);
  const first = days.find(({ startMs }) => startMs <= firstMs && firstMs < startMs + DAY_MS);
  if (first === undefined) return later;
  return [{ ...first, firstMs, rows: rows - rowsOfDays(later) }, ...later];
}

/**
 * Checks a history without rows to train on.
 * @throws FlowlineError FLOWLINE_HISTORY_TOO_SMALL if its longest window is longer than it.
 */
export function checkFilled(definition: DetectorDefinition, days: readonly HistoryDay[]): void {
  const longestMs = longestWindowMs(definition);
  const [first, last] = [days[0], days.at(-1)];
  if (longestMs === 0 || first === undefined || last === undefined) return;
  const hours = (ms: number): string => `${Number((ms / 3_600_000).toPrecision(3))} h`;
  throw new FlowlineError(
    'FLOWLINE_HISTORY_TOO_SMALL',
    `The history covers ${hours(last.lastMs - first.firstMs)}, and the longest window of the features ${hours(longestMs)}: no event has a full window.`,
    {
      where: 'spec.history.query',
      remedy: 'Widen the query to at least twice the longest window, or shorten the windows of the features.',
    },
  );
}
