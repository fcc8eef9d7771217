/**
 * Arrays for the values of one numeric column at a time. The fits of columns share them: arrays of
 * millions of rows for each would cost a garbage collection every few columns.
 */
export interface ColumnSpace {
  /** Observed values, in the order of the rows. */
  readonly observed: Float64Array;
  /** The same in ascending order, and space to sort them. */
  readonly sorted: Float64Array;
  readonly scratch: Float64Array;
}

/** Creates space for columns of at most so many values. */
export const columnSpace = (rows: number): ColumnSpace => ({
  observed: new Float64Array(rows),
  sorted: new Float64Array(rows),
  scratch: new Float64Array(rows),
});
