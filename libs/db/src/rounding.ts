import { at } from '@flowline/events';

/** Precision of stored rows, see the option `retention.precision` of a detector. */
export type RowPrecision = 'compact' | 'exact';

/** Largest effect of rounding: this share of a feature's standard deviation in training. */
const SHARE_OF_SPREAD = 1e-4;
/** A float4 that is read as a decimal number differs by at most this share of the value. */
const RELATIVE_ERROR = 2 ** -23;
/** From here on, not every whole number is a float4. */
const WHOLE_NUMBERS = 2 ** 24;
/** Range in which a float4 has its full precision. */
const SMALLEST = 1.2e-38;
const LARGEST = 3.4e38;

/**
 * Shares from here to 1 are exact: what matters of 0.9999 is its distance from 1, of which rounding
 * would take more than 1/10,000.
 */
const NEAR_ONE = 1 - 2 ** -10;

/** Rule of a batch for rounding its numbers, per numeric feature. */
export interface Rounding {
  /**
   * Largest magnitude at which a value may be rounded: beyond it, rounding could move it by more
   * than 1/10,000 of its feature's standard deviation.
   */
  readonly limits: Float64Array;
  /** Marks of the values of one row, see {@link markExact}. */
  readonly marks: Uint8Array;
}

/** Creates the rule from the standard deviations of the features in training. */
export function roundingOf(spreads: Float64Array): Rounding {
  return {
    limits: spreads.map((spread) => (SHARE_OF_SPREAD / RELATIVE_ERROR) * spread),
    marks: new Uint8Array(spreads.length),
  };
}

/**
 * Tells whether a value has to be stored exactly. A value up to the limit is rounded to seven
 * digits, unless it is a whole number that would change, or a share next to 1. One beyond it is
 * stored compactly only if that does not change it: a number of at most six digits.
 */
function needsExact(value: number, limit: number): boolean {
  const size = Math.abs(value);
  const isNearOne = value > NEAR_ONE && value < 1;
  if (size <= limit && !isNearOne) {
    if (size >= SMALLEST && size < WHOLE_NUMBERS) return false;
    if (size <= LARGEST && size >= WHOLE_NUMBERS && !Number.isInteger(value)) return false;
  }
  return !Number.isNaN(value) && !isKept(value, size);
}

/** True if a value is read as it was after it was stored as a float4. */
function isKept(value: number, size: number): boolean {
  if (value === 0) return true;
  if (size < SMALLEST || size > LARGEST) return false;
  return (Number.isInteger(value) && size < WHOLE_NUMBERS) || Number(value.toPrecision(6)) === value;
}

/**
 * Marks the values of a row that have to be stored exactly with 1 and the others with 0, and counts
 * the marks.
 */
export function markExact(values: Float64Array, start: number, { limits, marks }: Rounding): number {
  let count = 0;
  for (let place = 0; place < limits.length; place++) {
    const mark = needsExact(at(values, start + place), at(limits, place)) ? 1 : 0;
    marks[place] = mark;
    count += mark;
  }
  return count;
}

/** True if a p-value keeps seven digits as a float4: it is not too small for that. */
export function isRoundable(pValue: number): boolean {
  return pValue >= SMALLEST || pValue === 0;
}
