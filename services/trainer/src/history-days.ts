import type { HistoryDay } from '@flowline/db';
import { at, DAY_MS } from '@flowline/events';

/** Counts the rows of a history per UTC day, as they are read in order of time. */
export class DayCounter {
  readonly #days: HistoryDay[] = [];
  #open: { startMs: number; rows: number; firstMs: number; lastMs: number } | null = null;

  /** Counts rows by their times, those before `fromMs` left out. */
  add(timesMs: Float64Array, size: number, fromMs = -Infinity): void {
    for (let row = 0; row < size; row++) {
      const timeMs = at(timesMs, row);
      if (!(timeMs >= fromMs)) continue;
      if (this.#open === null || timeMs >= this.#open.startMs + DAY_MS) this.#begin(timeMs);
      if (this.#open === null) continue;
      this.#open.rows++;
      this.#open.lastMs = timeMs;
    }
  }

  /** The days counted so far, in order. */
  days(): readonly HistoryDay[] {
    return this.#open === null ? this.#days : [...this.#days, { ...this.#open }];
  }

  #begin(timeMs: number): void {
    if (this.#open !== null) this.#days.push(this.#open);
    const startMs = Math.floor(timeMs / DAY_MS) * DAY_MS;
    this.#open = { startMs, rows: 0, firstMs: timeMs, lastMs: timeMs };
  }
}
