import { blocksOf, missing, type Steps } from '@flowline/events';

/** Maps numbers in steps, to a new array or to `into`, which may be `values`. */
export function* mapNumbers(
  values: Float64Array,
  map: (value: number) => number,
  into: Float64Array = new Float64Array(values.length),
): Steps<Float64Array> {
  for (const [start, end] of blocksOf(values.length)) {
    mapBlock(values, map, into, start, end);
    yield;
  }
  return into;
}

function mapBlock(
  values: Float64Array,
  map: (value: number) => number,
  into: Float64Array,
  start: number,
  end: number,
): void {
  for (let i = start; i < end; i++) into[i] = map(values[i] ?? missing(values, i));
}

/** Selects numbers in steps, in their order. The result is `values` if it holds them all. */
export function* filterNumbers(values: Float64Array, accepts: (value: number) => boolean): Steps<Float64Array> {
  const accepted = new Float64Array(values.length);
  let count = 0;
  for (const [start, end] of blocksOf(values.length)) {
    count = putAccepted(values.subarray(start, end), accepts, accepted, count);
    yield;
  }
  return count === values.length ? values : accepted.subarray(0, count);
}

/** Puts the accepted ones of values from a place on. Returns the place after them. */
function putAccepted(
  values: Float64Array,
  accepts: (value: number) => boolean,
  into: Float64Array,
  from: number,
): number {
  let place = from;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? missing(values, i);
    if (accepts(value)) into[place++] = value;
  }
  return place;
}
