import type { HistoryDay } from '@flowline/db';
import { at, DAY_MS } from '@flowline/events';

/** Day whose rows are counted. */
type OpenDay = { -readonly [Key in keyof HistoryDay]: HistoryDay[Key] };

/** Counts the rows of a history per UTC day, in whatever order they are read. */
export class DayCounter {
  readonly #days = new Map<number, OpenDay>();
  #open: OpenDay | null = null;

  /** Counts rows by their times, those before `fromMs` left out. */
  add(timesMs: Float64Array, size: number, fromMs = -Infinity): void {
    for (let row = 0; row < size; row++) {
      const timeMs = at(timesMs, row);
      if (!(timeMs >= fromMs)) continue;
      let day = this.#open;
      if (day === null || timeMs < day.startMs || timeMs >= day.startMs + DAY_MS) day = this.#openDay(timeMs);
      day.rows++;
      if (timeMs > day.lastMs) day.lastMs = timeMs;
      else if (timeMs < day.firstMs) day.firstMs = timeMs;
    }
  }

  /** The days counted so far, in order. */
  days(): readonly HistoryDay[] {
    return [...this.#days.values()].map((day) => ({ ...day })).sort((a, b) => a.startMs - b.startMs);
  }

  #openDay(timeMs: number): OpenDay {
    const startMs = Math.floor(timeMs / DAY_MS) * DAY_MS;
    let day = this.#days.get(startMs);
    if (day === undefined) this.#days.set(startMs, (day = { startMs, rows: 0, firstMs: timeMs, lastMs: timeMs }));
    this.#open = day;
    return day;
  }
}
