import type { HistoryDay } from '@flowline/db';

import { rowsOfDays, type Stretch, stretchesOf, usualDays } from './history-stretches.ts';

const DAY_MS = 86_400_000;
/** At either end at most this share of the rows may be stray. */
const STRAY_SHARE = 0.005;
/** Stray rows are so many empty days away at the least; less where the lookback is short. */
const STRAY_DAYS = 10;

/** Rows whose times lie far from all others, at an end of the history. */
export interface StrayRows {
  readonly rows: number;
  /** Times of the earliest and the latest of them, in milliseconds since the epoch. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/** The range of time that a history is about. */
export interface UsualTimes {
  /** Milliseconds since the epoch, both inclusive. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly stray: StrayRows | null;
}

/**
 * Finds the time that a history is about: its rows but for a few at either end (½ % and no more than a usual day has) with times far from
 * all others. A clock that was wrong, or a unit, once in thousands of rows decides neither a lookback nor a rate.
 * @param days those that have rows, in their order.
 * @returns null where there are none.
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
    fromMs: kept[0]?.firstMs ?? NaN,
    toMs: kept.at(-1)?.lastMs ?? NaN,
    stray:
      stray.length === 0
        ? null
        : { rows: rowsOfDays(stray), firstMs: stray[0]?.firstMs ?? NaN, lastMs: stray.at(-1)?.lastMs ?? NaN },
  };
}

/** How many groups from the first on hold at most so many rows together. */
function strayGroups(groups: readonly Stretch[], most: number): number {
  let rows = 0;
  return groups.findIndex((group) => (rows += rowsOfDays(group)) > most);
}
