import { turn } from './steps.ts';

/** Length of a turn, after which the event loop serves others, unless told otherwise. */
const TURN_MS = 8;
/** Rows of the first call, before anything is measured. */
const FIRST_ROWS = 128;
const FEWEST_ROWS = 16;
/** Bounds the memory of a call. */
const MOST_ROWS = 8_192;

/**
 * Cuts a long computation into turns of the event loop: calls for rows by the number that was
 * measured to take a turn, other work by the clock.
 */
export class Turns {
  readonly #nowMs: () => number;
  readonly #yield: () => Promise<unknown>;
  readonly #turnMs: number;
  #startMs: number;
  #rows: number;

  /**
   * @param firstRows rows of the first call.
   * @param turnMs length of a turn in milliseconds.
   */
  constructor(
    nowMs: () => number = () => performance.now(),
    yieldTurn: () => Promise<unknown> = () => turn(),
    firstRows = FIRST_ROWS,
    turnMs = TURN_MS,
  ) {
    this.#nowMs = nowMs;
    this.#yield = yieldTurn;
    this.#startMs = nowMs();
    this.#rows = firstRows;
    this.#turnMs = turnMs;
  }

  /** Number of rows for the next call. */
  get rows(): number {
    return this.#rows;
  }

  /** Runs a call for rows, in a turn with room for it, and learns from the time it takes. */
  async call<T>(rows: number, run: () => Promise<T>): Promise<T> {
    await this.pause();
    const startMs = this.#nowMs();
    const result = await run();
    const rate = rows / Math.max(1e-3, this.#nowMs() - startMs);
    this.#rows = Math.min(MOST_ROWS, 2 * this.#rows, Math.max(FEWEST_ROWS, Math.floor(rate * this.#turnMs)));
    return result;
  }

  /** Gives the event loop a turn if the current one has lasted long enough. */
  async pause(): Promise<void> {
    if (this.#nowMs() - this.#startMs < this.#turnMs) return;
    await this.#yield();
    this.#startMs = this.#nowMs();
  }
}
