import type { HistoryDay } from '@flowline/db';

const DAY_MS = 86_400_000;
/** A silence that had this chance at the usual rate (events that come alone: e^−rate·silence) is one of the stream, not of chance. */
const SILENCE_CHANCE = 1e-6;

/** Days on end, without a silence between them that the usual rate does not explain. */
export type Stretch = readonly [HistoryDay, ...HistoryDay[]];

/** How a history's days usually are. Most rows decide, so that a few strange ones do not. */
export interface UsualDays {
  /** Rows of the day that the middle row lies in, when days are in order of their rows. */
  readonly rows: number;
  /** Empty days that the usual rate does not explain any more. */
  readonly silentDays: number;
}

/** The usual day of a history with rows. */
export function usualDays(days: readonly HistoryDay[]): UsualDays {
  const rows = weightedMedian(days.map((day) => [day.rows, day.rows]));
  const spacing =
    days.length < 2 ? 1 : weightedMedian(days.slice(1).map((day, i) => [emptyDays(days[i], day) + 1, day.rows]));
  return { rows, silentDays: (-Math.log(SILENCE_CHANCE) * spacing) / rows };
}

/** Cuts days, in their order, wherever more than so many empty ones lie between. */
export function stretchesOf(days: readonly HistoryDay[], silentDays: number): readonly Stretch[] {
  const stretches: [HistoryDay, ...HistoryDay[]][] = [];
  for (const day of days) {
    const last = stretches.at(-1);
    if (last !== undefined && emptyDays(last.at(-1), day) <= silentDays) last.push(day);
    else stretches.push([day]);
  }
  return stretches;
}

/** The rows of days. */
export const rowsOfDays = (days: readonly HistoryDay[]): number => days.reduce((sum, { rows }) => sum + rows, 0);

/** The value in whose part of the whole weight the middle lies. */
export function weightedMedian(weighted: readonly (readonly [value: number, weight: number])[]): number {
  const sorted = [...weighted].sort(([a], [b]) => a - b);
  const half = sorted.reduce((sum, [, weight]) => sum + weight, 0) / 2;
  let below = 0;
  return sorted.find(([, weight]) => (below += weight) >= half)?.[0] ?? NaN;
}

function emptyDays(before: HistoryDay | undefined, day: HistoryDay): number {
  return before === undefined ? 0 : Math.round((day.startMs - before.startMs) / DAY_MS) - 1;
}
