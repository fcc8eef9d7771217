/** Events whose times settle from when on a stream has been seen: few clocks that are wrong do not move it. */
const SETTLING_EVENTS = 33;
/** Numbers of a {@link Coverage} in a snapshot. */
export const COVERAGE_NUMBERS = 3 + SETTLING_EVENTS;
/** An entity that comes up after so long of a stream without it is taken for new. */
const NEW_AFTER_MS = 3_600_000;

/** Known past of one entity: what tells an empty window from one that nobody has watched. */
export interface KnownPast {
  /** Event time after which no event of the entity has been missed; −Infinity where none ever was. */
  readonly seenFromMs: number;
  /** Whether the entity had no events before those that are remembered. */
  readonly isNew: boolean;
}

/**
 * Event times of which a partition's windows have seen everything. A function of the events in the
 * order of their offsets, and of where the windows began. Times are milliseconds since the epoch.
 *
 * ```
 *  begun at the stream's first record: −Infinity
 *  begun at a known time:              that time
 *  begun anywhere else:                the median time of the first 33 events (until then, of those there were)
 * ```
 *
 * An entity that was forgotten had events up to some time. Of entities that are not remembered,
 * only what came later is known.
 */
export class Coverage {
  #seenFromMs: number;
  #forgottenToMs = -Infinity;
  #isSettled: boolean;
  /** The newest times, a ring; `#count` events have been noted. */
  readonly #recent: number[] = [];
  #count = 0;

  /** @param seenFromMs null: anywhere in a stream, as its first events will tell. */
  constructor(seenFromMs: number | null) {
    this.#seenFromMs = seenFromMs ?? Infinity;
    this.#isSettled = seenFromMs !== null;
  }

  /** Event time after which every event of the partition has been seen. */
  get seenFromMs(): number {
    return this.#seenFromMs;
  }

  /** Event time up to which an entity that is not remembered may have had events. */
  get forgottenToMs(): number {
    return this.#forgottenToMs;
  }

  /** Known past of an entity that is not remembered, before its event at a time. */
  ofStranger(timeMs: number): KnownPast {
    const seenFromMs = Math.max(this.#seenFromMs, this.#forgottenToMs);
    return { seenFromMs, isNew: timeMs - seenFromMs >= NEW_AFTER_MS };
  }

  /** Takes the time of an event in. */
  note(timeMs: number): void {
    this.#recent[this.#count++ % SETTLING_EVENTS] = timeMs;
    if (this.#isSettled) return;
    this.#seenFromMs = upperMedian(this.#recent);
    this.#isSettled = this.#count >= SETTLING_EVENTS;
  }

  /** An entity whose newest event was of this time is not remembered any more. */
  forget(newestMs: number): void {
    // One clock far ahead must not hide the past of all entities: no time is later than the newest events.
    this.#forgottenToMs = Math.min(Math.max(this.#forgottenToMs, newestMs), Math.max(...this.#recent));
  }

  /** {@link COVERAGE_NUMBERS} numbers that {@link Coverage.read} takes. */
  write(): Float64Array {
    const numbers = new Float64Array(COVERAGE_NUMBERS).fill(NaN);
    numbers.set([this.#seenFromMs, this.#forgottenToMs, this.#isSettled ? -this.#count - 1 : this.#count]);
    numbers.set(this.#recent, 3);
    return numbers;
  }

  /** Coverage that {@link write} wrote. */
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
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Infinity;
}
