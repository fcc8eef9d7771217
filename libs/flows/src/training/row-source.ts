import * as tf from '@tensorflow/tfjs-core';

import type { Random } from '../random.ts';
import type { Rows } from '../rows.ts';
import type { RowLookup } from './fit-data.ts';

/** Copies row `from` of `rows` to row `to` of the caller. */
export type PutRow = (rows: Rows, from: number, to: number) => void;

/**
 * Position of a row source: the epoch, and the number of its rows already taken. Rows in memory
 * have a single epoch without a position.
 */
export interface SourcePosition {
  readonly epoch: number;
  readonly taken: number;
}

/** Endless source of training rows, taken batch by batch. */
export interface RowSource {
  /** Position after the last complete batch. */
  readonly position: SourcePosition;
  /** Hands `size` rows to `put`. Resolves to false if training was cancelled meanwhile. */
  take(size: number, put: PutRow): Promise<boolean>;
  close(): Promise<void>;
}

/** Rows that are made at once, and the time after which other work gets a turn. */
const ROWS_AT_ONCE = 256;
const TURN_MS = 4;

/** Rows made when they are drawn, in the order of {@link MemoryRows}. */
export class LookedUpRows implements RowSource {
  readonly position = { epoch: 0, taken: 0 };
  readonly #lookup: RowLookup;
  readonly #random: Random;

  constructor(lookup: RowLookup, random: Random) {
    this.#lookup = lookup;
    this.#random = random;
  }

  async take(size: number, put: PutRow): Promise<boolean> {
    const indices = new Int32Array(size);
    for (let i = 0; i < size; i++) indices[i] = this.#random.integer(this.#lookup.size);
    let turnEndsMs = performance.now() + TURN_MS;
    for (let start = 0; start < size; start += ROWS_AT_ONCE) {
      if (start > 0 && performance.now() > turnEndsMs) {
        await tf.nextFrame();
        turnEndsMs = performance.now() + TURN_MS;
      }
      const rows = this.#lookup.rowsAt(indices.subarray(start, start + ROWS_AT_ONCE));
      for (let i = 0; i < rows.size; i++) put(rows, i, start + i);
    }
    return true;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Rows in memory, drawn with replacement by a generator that may be shared. */
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
