import { at } from '@flowline/events';
import type { RowLookup, Rows } from '@flowline/flows';

/** Rows that the data-dependent initialisation draws before the first step, at most. */
const INITIALIZATION_ROWS = 2048;

/**
 * Training rows that are the same batch at every step, and the time between its steps. Each step
 * asks for its rows, so the period of that is the time of a step with all that belongs to it:
 * rows, forward and backward pass, optimizer. The initialisation and the first step are not
 * counted; after `steps` more, it ends the training with an error of its own ({@link isDone}).
 */
export class StepClock implements RowLookup {
  readonly size: number;
  readonly #width: number;
  readonly #rows: Float32Array;
  readonly #steps: number;
  readonly #now: () => number;
  #served = 0;
  #start: { readonly served: number; readonly ms: number } | undefined;
  #endMs: number | undefined;

  constructor({ x, size }: Rows, steps: number, now: () => number = () => performance.now()) {
    this.size = size;
    this.#steps = steps;
    this.#now = now;
    this.#width = x.length / size;
    // The batch over and over, long enough for any request from anywhere in it.
    const rows = size + Math.max(size, INITIALIZATION_ROWS);
    this.#rows = Float32Array.from({ length: rows * this.#width }, (_, i) => at(x, i % x.length));
  }

  /** The next rows of the batch, whichever are asked for. */
  readonly rowsAt = (indices: Int32Array): Rows => {
    if (this.#start === undefined) {
      if (this.#served >= INITIALIZATION_ROWS + this.size) this.#start = { served: this.#served, ms: this.#now() };
    } else if (this.#served - this.#start.served >= this.#steps * this.size) {
      this.#endMs = this.#now();
      throw new Error('the steps to measure are taken');
    }
    const first = (this.#served % this.size) * this.#width;
    this.#served += indices.length;
    return { x: this.#rows.subarray(first, first + indices.length * this.#width), size: indices.length };
  };

  /** Steps after which a training has come to the end of those that are measured. */
  get stepsNeeded(): number {
    return this.#steps + Math.ceil(INITIALIZATION_ROWS / this.size) + 2;
  }

  /** True once the steps are taken. */
  get isDone(): boolean {
    return this.#endMs !== undefined;
  }

  /** Milliseconds per step. NaN before the steps are taken. */
  get msPerStep(): number {
    return ((this.#endMs ?? NaN) - (this.#start?.ms ?? NaN)) / this.#steps;
  }
}
