/**
 * First index of an ascending array whose value is at least `value`. It runs for every event, so it
 * uses no closure.
 */
export function lowerBound(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (valueAt(sorted, middle) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** First index of an ascending array whose value is greater than `value`. */
export function upperBound(sorted: Float64Array, value: number): number {
  return partition(sorted.length, (i) => valueAt(sorted, i) <= value);
}

/**
 * Number of integers 0 … n − 1 that satisfy a condition, which must hold up to some number and not
 * beyond.
 */
export function partition(n: number, holds: (i: number) => boolean): number {
  let low = 0;
  let high = n;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Quantile of ascending numbers: the smallest one with at least this share of them at or below it.
 */
export function quantileOfSorted(sorted: Float64Array, probability: number): number {
  return valueAt(sorted, Math.max(0, Math.ceil(sorted.length * probability) - 1));
}

/** Returns the value at an index that must exist. */
export function valueAt(values: Float64Array | Float32Array | Int32Array, index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError(`index ${index} of ${values.length} values`);
  return value;
}
