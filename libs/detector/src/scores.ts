import { at, type PValueMethod, type TestComponent, testComponents } from '@flowline/events';

/** Scores of a table: parallel arrays with one value per row. */
export interface Scores {
  readonly size: number;
  /**
   * log p(event) in nats and original units; −Infinity if the density is zero (a value outside its
   * domain).
   */
  readonly logDensityNats: Float64Array;
  readonly pValues: Float64Array;
  readonly pMethods: readonly PValueMethod[];
  /** 1 if a value lies outside its feature's domain. */
  readonly outOfDomain: Uint8Array;
  /**
   * Index in `testComponents` of the component that decided, per row; absent if low density alone
   * decides.
   */
  readonly raisedBy?: Uint8Array;
  /** Score that decided each row, larger for rarer ones; absent if it is −log p. */
  readonly decidingScores?: Float64Array;
  /**
   * 1 if the p-value comes from rows with other missing features, because too few have the same.
   */
  readonly pooled: Uint8Array;
}

/** Component that decided a row. */
export function componentAt({ raisedBy }: Pick<Scores, 'raisedBy'>, row: number): TestComponent {
  return raisedBy === undefined ? 'low_density' : at(testComponents, at(raisedBy, row));
}

/** Surprise of a p-value in bits, −log2 p. */
export function surpriseBits(pValue: number): number {
  return -Math.log2(pValue);
}
