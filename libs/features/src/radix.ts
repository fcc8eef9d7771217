import { at, blocksOf, type Steps } from '@flowline/events';

/** Places of the words of a float64 among two of 32 bits. */
export const LOW_WORD: 0 | 1 = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1;
export const HIGH_WORD = LOW_WORD === 0 ? 1 : 0;
const SIGN = 0x8000_0000;
/** Lowest bit of the digits of a word, the lowest first. Each has 11 bits, the last one 10. */
const SHIFTS = [0, 11, 22] as const;
const DIGIT_VALUES = 2048;

/** Word of a float64 whose bits order it. */
export type Word = 0 | 1;

/** The words of numbers, two per number. */
export const wordsOf = (values: Float64Array): Uint32Array =>
  new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);

/** Word of number i as a key that orders as a whole number: that of a negative one is inverted. */
function keyAt(words: Uint32Array, word: Word, i: number): number {
  const high = wordAt(words, 2 * i + HIGH_WORD);
  const inverted = (high | 0) >> 31;
  return word === HIGH_WORD ? high ^ (inverted | SIGN) : wordAt(words, 2 * i + LOW_WORD) ^ inverted;
}

/** Digit of number i. */
export const digitAt = (words: Uint32Array, { word, shift }: Digit, i: number): number =>
  (keyAt(words, word, i) >>> shift) & (DIGIT_VALUES - 1);

/** Digit of the keys of a word. */
export interface Digit {
  readonly word: Word;
  readonly shift: number;
}

/** Counts of the digits of a word, in the order of {@link SHIFTS}, in steps. */
function* digitCounts(values: Float64Array, word: Word): Steps<readonly Uint32Array[]> {
  const all = SHIFTS.map(() => new Uint32Array(DIGIT_VALUES));
  for (const [start, end] of blocksOf(values.length)) {
    countDigits(wordsOf(values), word, all as [Uint32Array, Uint32Array, Uint32Array], start, end);
    yield;
  }
  return all;
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

/** Moves the items of a block by a digit of their numbers: each to the next place of its digit. */
type Scatter<Items> = (from: Items, to: Items, digit: Digit, places: Uint32Array, start: number, end: number) => void;

/**
 * Sorts items by one word of their numbers, stably, digit by digit and in steps: the numbers, or
 * what goes with them.
 * @param arrays the items, and space for as many. Returns them with the sorted ones first.
 */
export function* sortByWord<Items>(
  values: Float64Array,
  word: Word,
  [from, to]: [Items, Items],
  scatter: Scatter<Items>,
): Steps<[Items, Items]> {
  const all = yield* digitCounts(values, word);
  for (const [i, shift] of SHIFTS.entries()) {
    const counts = at(all, i);
    if (counts.includes(values.length)) continue;
    toPlaces(counts);
    for (const [start, end] of blocksOf(values.length)) {
      scatter(from, to, { word, shift }, counts, start, end);
      yield;
    }
    [from, to] = [to, from];
  }
  return [from, to];
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

/** Word at an index that must exist. */
export function wordAt(words: Uint32Array, index: number): number {
  const word = words[index];
  if (word === undefined) throw new RangeError(`index ${index} of ${words.length} words`);
  return word;
}
