import { WINDOW_MAX_EVENTS } from '@flowline/events';

/** So many events are kept even where no window reaches as far, so that a late event finds what was before it. */
export const KEPT_EVENTS = 32;

/** How much of a series its windows may still ask for: so many events, and whatever lies within a duration. */
export interface Retention {
  readonly events: number;
  readonly ms: number;
}

/** Past values of one entity in order of event time; of one time, in order of arrival. */
export class Series {
  readonly #times: number[] = [];
  readonly #values: number[] = [];

  get length(): number {
    return this.#times.length;
  }

  /** How many values are not later than a time: the position that a value of that time would get. */
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

  /** Takes a value in, and forgets what no window that ends at its time or later can reach. */
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

  /** Writes times, then values; returns where it ended. */
  write(numbers: Float64Array, start: number): number {
    numbers.set(this.#times, start);
    numbers.set(this.#values, start + this.length);
    return start + 2 * this.length;
  }

  /** The series of `length` values that {@link write} wrote. */
  static read(numbers: Float64Array, start: number, length: number): Series {
    const series = new Series();
    series.#times.push(...numbers.subarray(start, start + length));
    series.#values.push(...numbers.subarray(start + length, start + 2 * length));
    return series;
  }
}
