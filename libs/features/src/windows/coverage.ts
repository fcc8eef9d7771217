import { at } from '@flowline/events';

/**
 * Number of first events whose median time becomes the start of a stream's coverage. A few wrong
 * clocks do not move it.
 */
const SETTLING_EVENTS = 33;
/** Length of a {@link Coverage} in a snapshot, in float64 numbers. */
export const COVERAGE_NUMBERS = 3 + SETTLING_EVENTS;
/** An entity that appears after this long a stretch of the stream without it counts as new. */
const NEW_AFTER_MS = 3_600_000;

/** Known past of one entity. It distinguishes an empty window from one that was not observed. */
export interface KnownPast {
  /** Event time after which no event of the entity has been missed; −Infinity if none ever was. */
  readonly seenFromMs: number;
  /** True if the entity had no events before the remembered ones. */
  readonly isNew: boolean;
}

/**
 * Range of event times over which a partition's windows have seen every event. It depends only on
 * the events in offset order and on the point where the windows began. Times are milliseconds since
 * the epoch.
 *
 * ```
 *  begun at the stream's first record: −Infinity
 *  begun at a known time:              that time
 *  begun anywhere else:                the median time of the first 33 events (of those so far, until then)
 * ```
 *
 * A forgotten entity had events up to some time. For entities that are not remembered, only later
 * times are known.
 */
export class Coverage {
  #seenFromMs: number;
  #forgottenToMs = -Infinity;
  #isSettled: boolean;
  /** Ring buffer of the newest times; `#count` events have been noted. */
  readonly #recent: number[] = [];
  #count = 0;

  /**
   * @param seenFromMs null: the windows begin anywhere in a stream, and its first events set the
   * time.
   */
  constructor(seenFromMs: number | null) {
    this.#seenFromMs = seenFromMs ?? Infinity;
    this.#isSettled = seenFromMs !== null;
  }

  /** Event time after which every event of the partition has been seen. */
  get seenFromMs(): number {
    return this.#seenFromMs;
  }

  /** Latest event time at which an entity that is not remembered may have had events. */
  get forgottenToMs(): number {
    return this.#forgottenToMs;
  }

  /** Known past of an entity that is not remembered, before its event at a time. */
  ofStranger(timeMs: number): KnownPast {
    const seenFromMs = Math.max(this.#seenFromMs, this.#forgottenToMs);
    return { seenFromMs, isNew: timeMs - seenFromMs >= NEW_AFTER_MS };
  }

  /** Records the time of an event. */
  note(timeMs: number): void {
    this.#recent[this.#count++ % SETTLING_EVENTS] = timeMs;
    if (this.#isSettled) return;
    this.#seenFromMs = upperMedian(this.#recent);
    this.#isSettled = this.#count >= SETTLING_EVENTS;
  }

  /** Records that an entity with this newest event time has been forgotten. */
  forget(newestMs: number): void {
    // One clock far ahead must not hide the past of all entities, so the newest events cap the
    // time.
    this.#forgottenToMs = Math.min(Math.max(this.#forgottenToMs, newestMs), Math.max(...this.#recent));
  }

  /**
   * Serialises the coverage to {@link COVERAGE_NUMBERS} numbers, which {@link Coverage.read}
   * accepts.
   */
  write(): Float64Array {
    const numbers = new Float64Array(COVERAGE_NUMBERS).fill(NaN);
    numbers.set([this.#seenFromMs, this.#forgottenToMs, this.#isSettled ? -this.#count - 1 : this.#count]);
    numbers.set(this.#recent, 3);
    return numbers;
  }

  /** Restores a coverage from the numbers of {@link write}. */
  static read(numbers: Float64Array): Coverage {
    const [seenFromMs = Infinity, forgottenToMs = -Infinity, count = 0] = numbers;
    const coverage = new Coverage(seenFromMs);
    coverage.#forgottenToMs = forgottenToMs;
    coverage.#isSettled = count < 0;
    coverage.#count = count < 0 ? -count - 1 : count;
    coverage.#recent.push(...numbers.subarray(3, 3 + Math.min(coverage.#count, SETTLING_EVENTS)));
    return coverage;
  }
}

function upperMedian(times: readonly number[]): number {
  return at(
    times.toSorted((a, b) => a - b),
    Math.floor(times.length / 2),
  );
}
