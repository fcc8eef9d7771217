import { at } from '@flowline/events';

import { blocksOf, type Steps } from './steps.ts';

/** Rows of a run that the platform sorts at once, in some milliseconds. */
const RUN_ROWS = 65_536;

/**
 * Sorts numbers ascending, in steps: runs of 65,536 are sorted by the platform and merged in
 * pairs. Changes `values`; the result is it or another array of its length.
 * @param values without NaN.
 */
export function* sortNumbers(values: Float64Array): Steps<Float64Array> {
  const n = values.length;
  for (const [start, end] of blocksOf(n, RUN_ROWS)) {
    values.subarray(start, end).sort();
    yield;
  }
  if (n <= RUN_ROWS) return values;
  let from: Float64Array = values;
  let to: Float64Array = new Float64Array(n);
  for (let width = RUN_ROWS; width < n; width *= 2) {
    for (let start = 0; start < n; start += 2 * width) {
      yield* mergeRuns(from, to, start, Math.min(n, start + width), Math.min(n, start + 2 * width));
    }
    [from, to] = [to, from];
  }
  return from;
}

/** Merges the sorted runs [start, middle) and [middle, end) of one array into another. */
function* mergeRuns(from: Float64Array, to: Float64Array, start: number, middle: number, end: number): Steps<void> {
  let [left, right] = [start, middle];
  for (let first = start; first < end; first += RUN_ROWS) {
    const last = Math.min(end, first + RUN_ROWS);
    for (let place = first; place < last; place++) {
      const takesLeft = left < middle && (right >= end || at(from, left) <= at(from, right));
      to[place] = takesLeft ? at(from, left++) : at(from, right++);
    }
    yield;
  }
}
