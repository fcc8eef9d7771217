/**
 * Element at an index that must exist.
 * @throws RangeError if it does not: an index bug.
 */
export function at<T>(values: ArrayLike<T>, index: number): T {
  // Most reads of hot loops are of numbers. An access that sees only Float64Array is ten times as
  // fast as one that sees every kind of list.
  const value = values instanceof Float64Array ? (values[index] as T | undefined) : values[index];
  if (value === undefined) throw new RangeError(`index ${index} of ${values.length} values`);
  return value;
}

/**
 * {@link at} for hot loops over float32. A function that sees one kind of array costs as much as
 * the access itself.
 */
export function floatAt(values: Float32Array, index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError(`index ${index} of ${values.length} values`);
  return value;
}

/** {@link at} for hot loops over float64. */
export function doubleAt(values: Float64Array, index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError(`index ${index} of ${values.length} values`);
  return value;
}

/** {@link at} for hot loops over int32. */
export function intAt(values: Int32Array, index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError(`index ${index} of ${values.length} values`);
  return value;
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
