import { WINDOW_MAX_EVENTS } from '@flowline/events';

/**
 * Events kept even if no window reaches back that far, so that a late event finds its predecessors.
 */
const KEPT_EVENTS = 32;

/**
 * Part of a series that its windows may still read: the last `events` values, and all within `ms`.
 */
export interface Retention {
  readonly events: number;
  readonly ms: number;
}

/** Past values of one entity, ordered by event time, and by arrival within the same time. */
export class Series {
  readonly #times: number[] = [];
  readonly #values: number[] = [];

  get length(): number {
    return this.#times.length;
  }

  /**
   * Number of values at or before a time: the position at which a value of that time would be
   * inserted.
   */
  position(timeMs: number): number {
    let low = 0;
    let high = this.#times.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.timeAt(middle) <= timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  timeAt(position: number): number {
    return this.#times[position] ?? NaN;
  }

  valueAt(position: number): number {
    return this.#values[position] ?? NaN;
  }

  /**
   * Inserts a value, and drops values beyond the reach of any window that ends at its time or
   * later.
   */
  insert(timeMs: number, value: number, retention: Retention): void {
    const at = this.position(timeMs);
    this.#times.splice(at, 0, timeMs);
    this.#values.splice(at, 0, value);
    let unreachable = 0;
    while (
      this.length - unreachable > WINDOW_MAX_EVENTS ||
      (this.length - unreachable > Math.max(KEPT_EVENTS, retention.events) &&
        this.timeAt(unreachable) <= timeMs - retention.ms)
    ) {
      unreachable++;
    }
    if (unreachable === 0) return;
    this.#times.splice(0, unreachable);
    this.#values.splice(0, unreachable);
  }

  /** Writes the times, then the values. Returns the end position. */
  write(numbers: Float64Array, start: number): number {
    numbers.set(this.#times, start);
    numbers.set(this.#values, start + this.length);
    return start + 2 * this.length;
  }

  /** Restores a series of `length` values from the numbers of {@link write}. */
  static read(numbers: Float64Array, start: number, length: number): Series {
    const series = new Series();
    series.#times.push(...numbers.subarray(start, start + length));
    series.#values.push(...numbers.subarray(start + length, start + 2 * length));
    return series;
  }
}
