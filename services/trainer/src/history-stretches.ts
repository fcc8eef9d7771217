import type { HistoryDay } from '@flowline/db';
import { at, DAY_MS } from '@flowline/events';

/**
 * Probability below which a silence is not due to chance. For independent events at the usual rate
 * it is e^(−rate·silence).
 */
const SILENCE_CHANCE = 1e-6;

/** Successive days without a silence between them that the usual rate does not explain. */
export type Stretch = readonly [HistoryDay, ...HistoryDay[]];

/** Typical days of a history, weighted by rows so that a few odd days do not count. */
export interface UsualDays {
  /** Rows of the day that holds the median row, with days sorted by their rows. */
  readonly rows: number;
  /** Number of empty days above which the usual rate does not explain a silence. */
  readonly silentDays: number;
}

/** Typical day of a history that has rows. */
export function usualDays(days: readonly HistoryDay[]): UsualDays {
  const rows = weightedMedian(days.map((day) => [day.rows, day.rows]));
  const spacing =
    days.length < 2 ? 1 : weightedMedian(days.slice(1).map((day, i) => [emptyDays(days[i], day) + 1, day.rows]));
  return { rows, silentDays: (-Math.log(SILENCE_CHANCE) * spacing) / rows };
}

/** Splits days, in order, wherever more than `silentDays` empty ones lie between two. */
export function stretchesOf(days: readonly HistoryDay[], silentDays: number): readonly Stretch[] {
  const stretches: [HistoryDay, ...HistoryDay[]][] = [];
  for (const day of days) {
    const last = stretches.at(-1);
    if (last !== undefined && emptyDays(last.at(-1), day) <= silentDays) last.push(day);
    else stretches.push([day]);
  }
  return stretches;
}

/** Total rows of days. */
export const rowsOfDays = (days: readonly HistoryDay[]): number => days.reduce((sum, { rows }) => sum + rows, 0);

/** Weighted median of at least one value: that at which half of the total weight is reached. */
export function weightedMedian(weighted: readonly (readonly [value: number, weight: number])[]): number {
  const sorted = [...weighted].sort(([a], [b]) => a - b);
  const half = sorted.reduce((sum, [, weight]) => sum + weight, 0) / 2;
  let below = 0;
  const middle = sorted.findIndex(([, weight]) => (below += weight) >= half);
  const [value] = at(sorted, middle);
  return value;
}

function emptyDays(before: HistoryDay | undefined, day: HistoryDay): number {
  return before === undefined ? 0 : Math.round((day.startMs - before.startMs) / DAY_MS) - 1;
}
