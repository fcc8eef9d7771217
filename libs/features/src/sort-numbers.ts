import { missing, type Steps } from '@flowline/events';

import { type Digit, digitAt, HIGH_WORD, LOW_WORD, sortByWord, wordAt, wordsOf } from './radix.ts';

/** Numbers that the platform sorts at once, in some milliseconds. */
const FEW = 65_536;
/** Numbers that are sorted by insertion. */
const FEWEST = 24;
/**
 * Sorts numbers ascending, −0 before 0, in steps: a radix sort by the upper half of their bits,
 * digit by digit, then each run of numbers with the same upper half by itself. Changes `values`;
 * the result is it or another array of its length.
 * @param values without NaN.
 * @param scratch space for as many, which may be the result.
 */
export function* sortNumbers(
  values: Float64Array,
  scratch: Float64Array = new Float64Array(values.length),
): Steps<Float64Array> {
  if (values.length <= FEW) return values.sort();
  const [sorted, rest] = yield* sortByWord(values, HIGH_WORD, [values, scratch], scatter);
  yield* sortRuns(sorted, rest);
  return sorted;
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
    to[place] = from[i] ?? missing(from, i);
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
      const [sorted] = yield* sortByWord(run, LOW_WORD, [run, scratch.subarray(start, end)], scatter);
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
    const value = values[i] ?? missing(values, i);
    let place = i;
    for (; place > start; place--) {
      const before = values[place - 1] ?? missing(values, place - 1);
      if (!(before > value)) break;
      values[place] = before;
    }
    values[place] = value;
  }
}
