/**
 * Element at an index that must exist.
 * @throws RangeError if it does not: an index bug.
 */
export function at<T>(values: ArrayLike<T>, index: number): T {
  // Most reads of hot loops are of numbers. An access that sees only Float64Array is ten times as
  // fast as one that sees every kind of list.
  const value = values instanceof Float64Array ? (values[index] as T | undefined) : values[index];
  return value === undefined ? missing(values, index) : value;
}

/**
 * Throws the error of {@link at}. In hot loops: `values[i] ?? missing(values, i)`, as fast as an
 * access, because each place sees its own kind of list.
 */
export function missing({ length }: ArrayLike<unknown>, index: number): never {
  throw new RangeError(`index ${index} of ${length} values`);
}

/**
 * Value of a key that must exist.
 * @throws RangeError if it does not: a bug.
 */
export function entry<K, V>(map: ReadonlyMap<K, V>, key: K): V {
  const value = map.get(key);
  if (value === undefined) throw new RangeError(`no entry among ${map.size} for ${String(key)}`);
  return value;
}
