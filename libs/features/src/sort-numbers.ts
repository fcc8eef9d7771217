import { at, blocksOf, type Steps } from '@flowline/events';

import {
  type Digit,
  digitAt,
  digitCounts,
  HIGH_WORD,
  LOW_WORD,
  SHIFTS,
  toPlaces,
  type Word,
  wordAt,
  wordsOf,
} from './radix.ts';

/** Numbers that the platform sorts at once, in some milliseconds. */
const FEW = 65_536;
/** Numbers that are sorted by insertion. */
const FEWEST = 24;
/**
 * Sorts numbers ascending, −0 before 0, in steps: a radix sort by the upper half of their bits,
 * digit by digit, then each run of numbers with the same upper half by itself. Changes `values`;
 * the result is it or another array of its length.
 * @param values without NaN.
 */
export function* sortNumbers(values: Float64Array): Steps<Float64Array> {
  if (values.length <= FEW) return values.sort();
  const scratch = new Float64Array(values.length);
  const sorted = yield* sortByWord(values, scratch, HIGH_WORD);
  yield* sortRuns(sorted, sorted === values ? scratch : values);
  return sorted;
}

/** Sorts by one word, stably. The result is one of the two arrays. */
function* sortByWord(values: Float64Array, scratch: Float64Array, word: Word): Steps<Float64Array> {
  const n = values.length;
  const all = yield* digitCounts(values, word);
  let [from, to] = [values, scratch];
  for (const [i, shift] of SHIFTS.entries()) {
    const counts = at(all, i);
    if (counts.includes(n)) continue;
    toPlaces(counts);
    for (const [start, end] of blocksOf(n)) {
      scatter(from, to, { word, shift }, counts, start, end);
      yield;
    }
    [from, to] = [to, from];
  }
  return from;
}

function scatter(
  from: Float64Array,
  to: Float64Array,
  digit: Digit,
  places: Uint32Array,
  start: number,
  end: number,
): void {
  const words = wordsOf(from);
  for (let i = start; i < end; i++) {
    const value = digitAt(words, digit, i);
    const place = wordAt(places, value);
    places[value] = place + 1;
    to[place] = at(from, i);
  }
}

/** Sorts each run of numbers with the same upper half. */
function* sortRuns(values: Float64Array, scratch: Float64Array): Steps<void> {
  const words = wordsOf(values);
  let sinceStep = 0;
  for (let start = 0, end = 1; start < values.length; start = end++) {
    const upper = words[2 * start + HIGH_WORD];
    while (end < values.length && words[2 * end + HIGH_WORD] === upper) end++;
    const size = end - start;
    if (size > FEW) {
      const run = values.subarray(start, end);
      const sorted = yield* sortByWord(run, scratch.subarray(start, end), LOW_WORD);
      if (sorted !== run) run.set(sorted);
    } else if (size > FEWEST) values.subarray(start, end).sort();
    else if (size > 1) insertionSort(values, start, end);
    sinceStep += size;
    if (sinceStep < FEW) continue;
    sinceStep = 0;
    yield;
  }
}

function insertionSort(values: Float64Array, start: number, end: number): void {
  for (let i = start + 1; i < end; i++) {
    const value = at(values, i);
    let place = i;
    for (; place > start && at(values, place - 1) > value; place--) values[place] = at(values, place - 1);
    values[place] = value;
  }
}
