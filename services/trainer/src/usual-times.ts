import type { HistoryDay } from '@flowline/db';
import { at, DAY_MS } from '@flowline/events';

import { rowsOfDays, type Stretch, stretchesOf, usualDays } from './history-stretches.ts';

/** Maximum share of the rows that may be stray at either end. */
const STRAY_SHARE = 0.005;
/**
 * Minimum number of empty days between stray rows and the others; fewer if the lookback is short.
 */
const STRAY_DAYS = 10;

/** Rows whose times lie far from all others, at either end of the history. */
export interface StrayRows {
  readonly rows: number;
  /** Times of the earliest and the latest stray row, in milliseconds since the epoch. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Time range that a history covers, without stray rows. */
export interface UsualTimes {
  /** Milliseconds since the epoch, both inclusive. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly stray: StrayRows | null;
}

/**
 * Finds the time range that a history covers: all of its rows, except for a few at either end (at
 * most ½ %, and no more than a usual day has) whose times are far from all others. A wrong clock or
 * unit once in thousands of rows thus affects neither the lookback nor the rate.
 * @param days days that have rows, in order.
 * @returns null if there are none.
 */
export function usualTimes(days: readonly HistoryDay[], lookbackMs: number | null): UsualTimes | null {
  if (days.length === 0) return null;
  const usual = usualDays(days);
  const far = lookbackMs === null ? STRAY_DAYS : Math.min(STRAY_DAYS, lookbackMs / DAY_MS / 3);
  const groups = stretchesOf(days, Math.max(usual.silentDays, far));
  const most = Math.min(STRAY_SHARE * rowsOfDays(days), Math.max(1, usual.rows));
  const before = strayGroups(groups, most);
  const after = strayGroups([...groups].reverse(), most);
  const kept = groups.slice(before, groups.length - after).flat();
  const stray = [...groups.slice(0, before), ...groups.slice(groups.length - after)].flat();
  return {
    fromMs: at(kept, 0).firstMs,
    toMs: at(kept, kept.length - 1).lastMs,
    stray:
      stray.length === 0
        ? null
        : { rows: rowsOfDays(stray), firstMs: at(stray, 0).firstMs, lastMs: at(stray, stray.length - 1).lastMs },
  };
}

/** Number of leading groups that together hold at most `most` rows. */
function strayGroups(groups: readonly Stretch[], most: number): number {
  let rows = 0;
  return groups.findIndex((group) => (rows += rowsOfDays(group)) > most);
}
