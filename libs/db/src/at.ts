/** Value of a column that has one for every row. @throws RangeError if it is missing. */
export function at<T>(column: ArrayLike<T>, row: number, name: string): T {
  const value = column[row];
  if (value === undefined) throw new RangeError(`the batch has no ${name} for row ${row}`);
  return value;
}
