import { at, blocksOf, type Steps } from '@flowline/events';

/** Numbers that the platform sorts at once, in some milliseconds. */
const FEW = 65_536;
/** Places of the words of a float64 among two of 32 bits. */
const LOW_WORD = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1;
const HIGH_WORD = 1 - LOW_WORD;
const SIGN = 0x8000_0000;

/** Digits of a key, the lowest first: word, lowest bit, and number of values. */
const DIGITS = [
  { word: LOW_WORD, shift: 0, values: 2048 },
  { word: LOW_WORD, shift: 11, values: 2048 },
  { word: LOW_WORD, shift: 22, values: 1024 },
  { word: HIGH_WORD, shift: 0, values: 2048 },
  { word: HIGH_WORD, shift: 11, values: 2048 },
  { word: HIGH_WORD, shift: 22, values: 1024 },
] as const;

type Digit = (typeof DIGITS)[number];
/** Counts per digit, in the order of {@link DIGITS}. */
type Counts = [Uint32Array, Uint32Array, Uint32Array, Uint32Array, Uint32Array, Uint32Array];

/**
 * Sorts numbers ascending, −0 before 0, in steps: a radix sort of their bits, digit by digit.
 * Changes `values`; the result is it or another array of its length.
 * @param values without NaN.
 */
export function* sortNumbers(values: Float64Array): Steps<Float64Array> {
  const n = values.length;
  if (n <= FEW) return values.sort();
  let from: Uint32Array = new Uint32Array(values.buffer, values.byteOffset, 2 * n);
  let to: Uint32Array = new Uint32Array(2 * n);
  const all = DIGITS.map((digit) => new Uint32Array(digit.values));
  for (const [start, end] of blocksOf(n)) {
    toKeys(from, start, end);
    countDigits(from, all as Counts, start, end);
    yield;
  }
  for (const [i, digit] of DIGITS.entries()) {
    const counts = at(all, i);
    if (counts.includes(n)) continue;
    toPlaces(counts);
    for (const [start, end] of blocksOf(n)) {
      scatter(from, to, digit, counts, start, end);
      yield;
    }
    [from, to] = [to, from];
  }
  for (const [start, end] of blocksOf(n)) {
    toNumbers(from, start, end);
    yield;
  }
  return new Float64Array(from.buffer, from.byteOffset, n);
}

/** Turns numbers into keys whose order is that of whole numbers: negative ones are inverted. */
function toKeys(words: Uint32Array, start: number, end: number): void {
  for (let i = 2 * start; i < 2 * end; i += 2) {
    const high = wordAt(words, i + HIGH_WORD);
    const isNegative = high >= SIGN;
    words[i + HIGH_WORD] = isNegative ? ~high : high ^ SIGN;
    if (isNegative) words[i + LOW_WORD] = ~wordAt(words, i + LOW_WORD);
  }
}

/** Inverse of {@link toKeys}. */
function toNumbers(words: Uint32Array, start: number, end: number): void {
  for (let i = 2 * start; i < 2 * end; i += 2) {
    const high = wordAt(words, i + HIGH_WORD);
    const isNegative = high < SIGN;
    words[i + HIGH_WORD] = isNegative ? ~high : high ^ SIGN;
    if (isNegative) words[i + LOW_WORD] = ~wordAt(words, i + LOW_WORD);
  }
}

/** Counts every digit of the keys. */
function countDigits(words: Uint32Array, counts: Counts, start: number, end: number): void {
  const [low0, low1, low2, high0, high1, high2] = counts;
  for (let i = 2 * start; i < 2 * end; i += 2) {
    const low = wordAt(words, i + LOW_WORD);
    const high = wordAt(words, i + HIGH_WORD);
    increment(low0, low & 2047);
    increment(low1, (low >>> 11) & 2047);
    increment(low2, low >>> 22);
    increment(high0, high & 2047);
    increment(high1, (high >>> 11) & 2047);
    increment(high2, high >>> 22);
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
  from: Uint32Array,
  to: Uint32Array,
  { word, shift, values }: Digit,
  places: Uint32Array,
  start: number,
  end: number,
): void {
  for (let i = 2 * start; i < 2 * end; i += 2) {
    const digit = (wordAt(from, i + word) >>> shift) & (values - 1);
    const place = wordAt(places, digit);
    places[digit] = place + 1;
    to[2 * place] = wordAt(from, i);
    to[2 * place + 1] = wordAt(from, i + 1);
  }
}

/** Word at an index that must exist. */
function wordAt(words: Uint32Array, index: number): number {
  const word = words[index];
  if (word === undefined) throw new RangeError(`index ${index} of ${words.length} words`);
  return word;
}
