import { at } from '@flowline/events';
import type { RowLookup, Rows } from '@flowline/flows';

/** Rows that the data-dependent initialisation draws before the first step, at most. */
const INITIALIZATION_ROWS = 2048;

/** Training rows that are the same batch at every step, whichever rows are asked for. */
export class FixedBatch implements RowLookup {
  readonly size: number;
  readonly #width: number;
  readonly #rows: Float32Array;
  #served = 0;

  constructor({ x, size }: Rows) {
    this.size = size;
    this.#width = x.length / size;
    // The batch over and over, long enough for any request from anywhere in it.
    const rows = size + Math.max(size, INITIALIZATION_ROWS);
    this.#rows = Float32Array.from({ length: rows * this.#width }, (_, i) => at(x, i % x.length));
  }

  readonly rowsAt = (indices: Int32Array): Rows => {
    const first = (this.#served % this.size) * this.#width;
    this.#served += indices.length;
    return { x: this.#rows.subarray(first, first + indices.length * this.#width), size: indices.length };
  };
}
