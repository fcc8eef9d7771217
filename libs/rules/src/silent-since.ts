import { DAY_MS } from '@flowline/events';

import type { Occurrence } from './occurrences.ts';

/** Days that are looked through for a silence; a longer one is not found. */
const MAX_DAYS = 120;

/**
 * Latest time from which a silence that lasts until `untilMs` has lasted `forMs`, times within
 * occurrences left out. Null if that takes more than 120 days. Pure.
 * @param ofDay occurrences that meet a UTC day, by its number since 1970.
 */
export function latestStart(
  untilMs: number,
  forMs: number,
  ofDay: (day: number) => readonly Occurrence[],
): number | null {
  let leftMs = forMs;
  let endMs = untilMs;
  for (let day = Math.floor(untilMs / DAY_MS), looked = 0; looked < MAX_DAYS; day--, looked++) {
    const startMs = day * DAY_MS;
    // From the latest end on: a gap lies between the earliest start so far and the next end.
    for (const { fromMs, toMs } of ofDay(day).toSorted((a, b) => b.toMs - a.toMs)) {
      if (fromMs >= endMs) continue;
      const gapMs = endMs - Math.max(toMs, startMs);
      if (gapMs >= leftMs) return endMs - leftMs;
      if (gapMs > 0) leftMs -= gapMs;
      endMs = Math.min(endMs, Math.max(fromMs, startMs));
    }
    if (endMs - startMs >= leftMs) return endMs - leftMs;
    leftMs -= endMs - startMs;
    endMs = startMs;
  }
  return null;
}
