import type { Random } from '../random.ts';
import type { Rows } from '../rows.ts';

/** Copies row `from` of `rows` to row `to` of the caller. */
export type PutRow = (rows: Rows, from: number, to: number) => void;

/** How far a source is: the epoch, and the rows of it that were taken. Rows in memory have one epoch, and no place in it. */
export interface SourcePosition {
  readonly epoch: number;
  readonly taken: number;
}

/** Training rows, one batch after another, for ever. */
export interface RowSource {
  /** After the last batch that was taken whole. */
  readonly position: SourcePosition;
  /** Hands `size` rows to `put`; false where training was cancelled meanwhile. */
  take(size: number, put: PutRow): Promise<boolean>;
  close(): Promise<void>;
}

/** Rows in memory, drawn with replacement by a generator that others may share. */
export class MemoryRows implements RowSource {
  readonly position = { epoch: 0, taken: 0 };
  readonly #rows: Rows;
  readonly #random: Random;

  constructor(rows: Rows, random: Random) {
    this.#rows = rows;
    this.#random = random;
  }

  take(size: number, put: PutRow): Promise<boolean> {
    for (let i = 0; i < size; i++) put(this.#rows, this.#random.integer(this.#rows.size), i);
    return Promise.resolve(true);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
