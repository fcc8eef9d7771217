/**
 * Element at an index that must exist. Hot loops use the functions below.
 * @throws RangeError if it does not: an index bug.
 */
export function at<T>(values: ArrayLike<T>, index: number): T {
  const value = values[index];
  if (value === undefined) throw outside(values, index);
  return value;
}

/**
 * {@link at} for float32. A function that sees one kind of array costs as much as the access
 * itself, and a tenth of one that sees several.
 */
export function floatAt(values: Float32Array, index: number): number {
  const value = values[index];
  if (value === undefined) throw outside(values, index);
  return value;
}

/** {@link at} for float64, as fast as an access. */
export function doubleAt(values: Float64Array, index: number): number {
  const value = values[index];
  if (value === undefined) throw outside(values, index);
  return value;
}

/** {@link at} for bytes, as fast as an access. */
export function byteAt(values: Uint8Array, index: number): number {
  const value = values[index];
  if (value === undefined) throw outside(values, index);
  return value;
}

const outside = ({ length }: ArrayLike<unknown>, index: number): RangeError =>
  new RangeError(`index ${index} of ${length} values`);
