import { at, blocksOf, type Steps } from '@flowline/events';

/** Maps numbers in steps, to a new array or to `into`, which may be `values`. */
export function* mapNumbers(
  values: Float64Array,
  map: (value: number) => number,
  into: Float64Array = new Float64Array(values.length),
): Steps<Float64Array> {
  for (const [start, end] of blocksOf(values.length)) {
    for (let i = start; i < end; i++) into[i] = map(at(values, i));
    yield;
  }
  return into;
}

/** Selects numbers in steps, in their order. The result is `values` if it holds them all. */
export function* filterNumbers(values: Float64Array, accepts: (value: number) => boolean): Steps<Float64Array> {
  const accepted = new Float64Array(values.length);
  let count = 0;
  for (const [start, end] of blocksOf(values.length)) {
    for (let i = start; i < end; i++) {
      const value = at(values, i);
      if (accepts(value)) accepted[count++] = value;
    }
    yield;
  }
  return count === values.length ? values : accepted.subarray(0, count);
}
