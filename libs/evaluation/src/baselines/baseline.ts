import type { BaselineRows } from '../matrix.ts';

/** A detector to compare with. */
export interface Baseline {
  readonly name: string;
  /** Fewest training rows that it can be fitted to. */
  readonly fewestRows: number;
  /**
   * Fits it to the training rows and scores the test rows: larger is more anomalous.
   * @param seed of what it draws.
   */
  score(rows: BaselineRows, seed: number): Float64Array;
}
