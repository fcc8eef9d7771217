import { at } from '@flowline/events';

/** Range of ids that are not visible yet: its transaction is under way, or was rolled back. */
interface Gap {
  readonly low: number;
  readonly high: number;
  readonly seenMs: number;
}

/** A transaction takes at most 30 s; later, a gap is what a rollback has left. */
const GAP_MS = 40_000;
/** Gaps that are remembered; of more, the oldest are given up. */
const MOST_GAPS = 1_000;

/**
 * Position in rows whose ids ascend, although their transactions commit in any order: what was seen
 * ends at an id, apart from gaps that may yet be filled. Every id is taken once.
 */
export class IdCursor {
  #last: number;
  #gaps: readonly Gap[] = [];

  /** @param last the id after which everything is new. */
  constructor(last: number) {
    this.#last = last;
  }

  /** The greatest id seen. */
  get last(): number {
    return this.#last;
  }

  /** Ranges of ids that may yet become visible, both ends inclusive. */
  get gaps(): readonly (readonly [number, number])[] {
    return this.#gaps.map(({ low, high }) => [low, high]);
  }

  /** Id from which a reader goes on without missing any; it may see some again. */
  get resumeAfter(): number {
    return this.#gaps.reduce((least, { low }) => Math.min(least, low - 1), this.#last);
  }

  /** Takes ids that are visible, ascending, and returns those that are new. */
  take(ids: readonly number[], nowMs: number): number[] {
    const fresh: number[] = [];
    for (const id of ids) {
      if (id > this.#last) {
        if (id > this.#last + 1) this.#add([{ low: this.#last + 1, high: id - 1, seenMs: nowMs }]);
        this.#last = id;
        fresh.push(id);
      } else if (this.#fill(id)) fresh.push(id);
    }
    this.#gaps = this.#gaps.filter(({ seenMs }) => nowMs - seenMs < GAP_MS).slice(-MOST_GAPS);
    return fresh;
  }

  #add(gaps: readonly Gap[]): void {
    this.#gaps = [...this.#gaps, ...gaps];
  }

  /** Removes an id from its gap; false if it is in none. */
  #fill(id: number): boolean {
    const found = this.#gaps.findIndex(({ low, high }) => id >= low && id <= high);
    if (found === -1) return false;
    const { low, high, seenMs } = at(this.#gaps, found);
    const rest = [
      { low, high: id - 1, seenMs },
      { low: id + 1, high, seenMs },
    ].filter((gap) => gap.low <= gap.high);
    this.#gaps = this.#gaps.toSpliced(found, 1, ...rest);
    return true;
  }
}
