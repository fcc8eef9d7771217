import { at, blocksOf, missing, type Steps } from '@flowline/events';

import { type Digit, digitAt, HIGH_WORD, LOW_WORD, sortByWord, wordAt, wordsOf } from './radix.ts';

/**
 * Places of numbers in ascending order, equal ones in the order given, in steps; null if they
 * ascend already.
 * @param values without NaN.
 */
export function* ascendingOrder(values: Float64Array): Steps<Int32Array | null> {
  if (yield* ascends(values)) return null;
  let [from, to] = [new Int32Array(values.length), new Int32Array(values.length)];
  for (const [start, end] of blocksOf(values.length)) {
    for (let i = start; i < end; i++) from[i] = i;
    yield;
  }
  const words = wordsOf(values);
  for (const word of [LOW_WORD, HIGH_WORD] as const) {
    [from, to] = yield* sortByWord(values, word, [from, to], (source, target, digit, places, start, end) => {
      scatterPlaces(words, source, target, digit, places, start, end);
    });
  }
  return from;
}

function* ascends(values: Float64Array): Steps<boolean> {
  for (const [start, end] of blocksOf(values.length)) {
    if (!ascendsWithin(values, Math.max(1, start), end)) return false;
    yield;
  }
  return true;
}

/** True if none of some values is less than the one before it. */
function ascendsWithin(values: Float64Array, start: number, end: number): boolean {
  let previous = values.at(start - 1) ?? -Infinity;
  for (let i = start; i < end; i++) {
    const value = values[i] ?? missing(values, i);
    if (value < previous) return false;
    previous = value;
  }
  return true;
}

/** Moves places by a digit of their numbers. */
function scatterPlaces(
  words: Uint32Array,
  from: Int32Array,
  to: Int32Array,
  digit: Digit,
  places: Uint32Array,
  start: number,
  end: number,
): void {
  for (let i = start; i < end; i++) {
    const row = from[i] ?? missing(from, i);
    const value = digitAt(words, digit, row);
    const place = wordAt(places, value);
    places[value] = place + 1;
    to[place] = row;
  }
}

/** Copies values in an order, in steps. */
export function* inOrder(values: Float64Array, order: Int32Array): Steps<Float64Array> {
  const ordered = new Float64Array(order.length);
  for (const [start, end] of blocksOf(order.length)) {
    for (let i = start; i < end; i++) ordered[i] = at(values, order[i] ?? missing(order, i));
    yield;
  }
  return ordered;
}
