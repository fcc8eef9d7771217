import type { RowTraits } from '../calibration/row-traits.ts';

/** Deciding score of each row, which the calibration turns into a p-value. */
export interface DecidingScores {
  readonly scores: Float64Array;
  /**
   * Index in `testComponents` of the component that decided, per row; absent if low density alone
   * decides.
   */
  readonly raisedBy?: Uint8Array;
}

/** Traits of the rows of a part of a table that decide which others they are compared with. */
export interface ComparedRows {
  readonly missingPattern: Int32Array;
  readonly traits: RowTraits;
  /** Place in the table of the first row. */
  readonly start: number;
}

/**
 * Score of an event that resembles no calibration row by a single measure at least, which no
 * logarithm reaches: it is far beyond all others, also where too few of them have a tail to fit.
 */
export const beyondAll = 1_000;
