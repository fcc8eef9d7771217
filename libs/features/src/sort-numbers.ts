import { at, blocksOf, type Steps } from '@flowline/events';

/** Numbers that the platform sorts at once, in some milliseconds. */
const FEW = 65_536;
/** Numbers that are sorted by insertion. */
const FEWEST = 24;
/** Places of the words of a float64 among two of 32 bits. */
const LOW_WORD: 0 | 1 = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1;
const HIGH_WORD = LOW_WORD === 0 ? 1 : 0;
const SIGN = 0x8000_0000;
/** Lowest bit of the digits of a word, the lowest first. Each has 11 bits, the last one 10. */
const SHIFTS = [0, 11, 22] as const;
const DIGIT_VALUES = 2048;

/** Word of a float64 whose bits order it. */
type Word = 0 | 1;

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
  const all = SHIFTS.map(() => new Uint32Array(DIGIT_VALUES));
  for (const [start, end] of blocksOf(n)) {
    countDigits(wordsOf(values), word, all as [Uint32Array, Uint32Array, Uint32Array], start, end);
    yield;
  }
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

const wordsOf = (values: Float64Array): Uint32Array =>
  new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);

/** Word of number i as a key whose order is that of whole numbers: those of negative ones inverted. */
function keyAt(words: Uint32Array, word: Word, i: number): number {
  const high = wordAt(words, 2 * i + HIGH_WORD);
  const inverted = (high | 0) >> 31;
  return word === HIGH_WORD ? high ^ (inverted | SIGN) : wordAt(words, 2 * i + LOW_WORD) ^ inverted;
}

/** Counts every digit of the keys. */
function countDigits(
  words: Uint32Array,
  word: Word,
  [low, middle, high]: [Uint32Array, Uint32Array, Uint32Array],
  start: number,
  end: number,
): void {
  for (let i = start; i < end; i++) {
    const key = keyAt(words, word, i);
    increment(low, key & (DIGIT_VALUES - 1));
    increment(middle, (key >>> 11) & (DIGIT_VALUES - 1));
    increment(high, key >>> 22);
  }
}

function increment(counts: Uint32Array, digit: number): void {
  counts[digit] = wordAt(counts, digit) + 1;
}

/** Turns the counts of digits into the place of the first number with each. */
function toPlaces(counts: Uint32Array): void {
  let place = 0;
  for (let digit = 0; digit < counts.length; digit++) {
    const numbers = wordAt(counts, digit);
    counts[digit] = place;
    place += numbers;
  }
}

function scatter(
  from: Float64Array,
  to: Float64Array,
  { word, shift }: { readonly word: Word; readonly shift: number },
  places: Uint32Array,
  start: number,
  end: number,
): void {
  const words = wordsOf(from);
  for (let i = start; i < end; i++) {
    const digit = (keyAt(words, word, i) >>> shift) & (DIGIT_VALUES - 1);
    const place = wordAt(places, digit);
    places[digit] = place + 1;
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

/** Word at an index that must exist. */
function wordAt(words: Uint32Array, index: number): number {
  const word = words[index];
  if (word === undefined) throw new RangeError(`index ${index} of ${words.length} words`);
  return word;
}
