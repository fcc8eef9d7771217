import { at as elementAt, missing, WINDOW_MAX_EVENTS } from '@flowline/events';

/**
 * Events kept beyond the reach of a window over a number of events, so that one which is late by as
 * many finds its predecessors.
 */
export const LATE_EVENTS = 3;
/** Events kept of a window over a duration, however old: one clock far ahead drops no more. */
const KEPT_EVENTS = 32;

/**
 * Part of a series that its windows may still read: the last `events` values, and all within `ms`.
 */
export interface Retention {
  readonly events: number;
  readonly ms: number;
}

/** Length below which a series keeps no state of its statistics: they are computed anew. */
const SHORT = 8;

/**
 * State of a statistic over a window that moves along a series, at an amortised cost of O(1) per
 * event. It follows from the values within the window: it is not stored, and a restart or a late
 * event gives the same statistic to the last bit.
 */
export interface Slide {
  /** Statistic of the values at positions start ≤ position < end; there is at least one. */
  over(series: Series, start: number, end: number): number;
  /** Told that a value now stands at a position; the later ones have moved by one. */
  inserted(series: Series, position: number): void;
  /** Told that the first `count` values will be dropped; the others move by as many. */
  dropping(series: Series, count: number): void;
}

/**
 * Past values of one entity, ordered by event time, and by arrival within the same time. Positions
 * count from the first value that is still there.
 */
export class Series {
  /** Time and value in turn: one array takes half the memory of two. */
  readonly #pairs: number[] = [];
  /** State of the statistics over long windows, by window. It follows from the values. */
  #slides: (Slide | undefined)[] | null = null;

  get length(): number {
    return this.#pairs.length >>> 1;
  }

  /**
   * Number of values at or before a time: the position at which a value of that time would be
   * inserted.
   */
  position(timeMs: number): number {
    let low = 0;
    let high = this.length;
    // Mostly the newest.
    if (high === 0 || this.timeAt(high - 1) <= timeMs) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.timeAt(middle) <= timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  timeAt(position: number): number {
    const entry = 2 * position;
    return this.#pairs[entry] ?? missing(this.#pairs, entry);
  }

  valueAt(position: number): number {
    const entry = 2 * position + 1;
    return this.#pairs[entry] ?? missing(this.#pairs, entry);
  }

  /** State of a statistic over one window of the series; begun by `make` if there is none. */
  slide(window: number, make: () => Slide): Slide {
    this.#slides ??= [];
    return (this.#slides[window] ??= make());
  }

  /**
   * Inserts a value, and drops values beyond the reach of any window that ends at its time or
   * later.
   * @returns true if values were dropped that a window still reaches, because there are too many.
   */
  insert(timeMs: number, value: number, retention: Retention): boolean {
    const pairs = this.#pairs;
    const at = this.position(timeMs);
    if (at === this.length) pairs.push(timeMs, value);
    else pairs.splice(2 * at, 0, timeMs, value);
    this.#slides?.forEach((slide) => slide?.inserted(this, at));
    const { length } = this;
    const kept = Math.max(retention.events + LATE_EVENTS, retention.ms > 0 ? KEPT_EVENTS : 0);
    let reached = 0;
    while (length - reached > kept && this.timeAt(reached) <= timeMs - retention.ms) reached++;
    const dropped = Math.max(reached, length - WINDOW_MAX_EVENTS);
    if (dropped > 0) this.#drop(dropped);
    return dropped > reached && retention.ms > 0;
  }

  #drop(count: number): void {
    this.#slides?.forEach((slide) => slide?.dropping(this, count));
    if (count === 1) {
      this.#pairs.shift();
      this.#pairs.shift();
    } else this.#pairs.splice(0, 2 * count);
    if (this.length < SHORT) this.#slides = null;
  }

  /** Writes the times, then the values. Returns the end position. */
  write(numbers: Float64Array, start: number): number {
    const { length } = this;
    for (let i = 0; i < length; i++) {
      numbers[start + i] = this.timeAt(i);
      numbers[start + length + i] = this.valueAt(i);
    }
    return start + 2 * length;
  }

  /** Restores a series of `length` values from the numbers of {@link write}. */
  static read(numbers: Float64Array, start: number, length: number): Series {
    const series = new Series();
    for (let i = 0; i < length; i++) {
      series.#pairs.push(elementAt(numbers, start + i), elementAt(numbers, start + length + i));
    }
    return series;
  }
}
