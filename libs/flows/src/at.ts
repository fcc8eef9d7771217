/**
 * Element at an index that must exist.
 * @throws RangeError if it does not: an index bug.
 */
export function at<T>(values: ArrayLike<T>, index: number): T {
  const value = values[index];
  return value === undefined ? missing(values, index) : value;
}

/** Throws the error of {@link at}. In hot loops: `values[i] ?? missing(values, i)`. */
export function missing({ length }: ArrayLike<unknown>, index: number): never {
  throw new RangeError(`index ${index} of ${length} values`);
}
