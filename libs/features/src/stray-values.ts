import { at } from '@flowline/events';

/** Limits of the search for stray values of a column. */
export interface StrayRule {
  /** Maximum share of stray values. */
  readonly share: number;
  /**
   * True if the stray values may all be different. Otherwise a stray group is either a few rows or
   * a code.
   */
  readonly spread: boolean;
}

/**
 * Rule for a history known to be normal, in which only single values and codes (−9999 for "no
 * reading") are stray, and rule for one that may contain anomalies, in which any small group far
 * apart is.
 */
export const strayRules = {
  clean: { share: 0.01, spread: false },
  unlabelled: { share: 0.02, spread: true },
} as const satisfies Record<string, StrayRule>;

/**
 * A value is stray if it is more than this many times as far from the median as every value that is
 * not.
 */
const APART_FACTOR = 5;
/** Largest number of rows, or of different values, that counts as few. */
const few = (rows: number): number => Math.max(3, rows / 1000);

/**
 * Most stray values among `n`. Of a history with a share of anomalies, a part drawn by chance has
 * more: three standard deviations of them count, too.
 */
export const mostStrays = (n: number, { share, spread }: StrayRule): number =>
  share * n + (spread ? 3 * Math.sqrt(share * n) : 0);

/**
 * Selects the part of a column that may determine its scale: all but a few values that lie far
 * apart from the rest. Heavy tails have no gap and stay whole. So does a rare level of an otherwise
 * constant column, unless it has only a few rows.
 * @param sorted the column on its scale, ascending.
 * @param unit deviations below this are no distance: 1 for whole numbers, otherwise 0.
 * @returns the index of the first value kept, and the one after the last.
 */
export function withoutStrays(
  sorted: Float64Array,
  { share, spread }: StrayRule,
  unit = 0,
): readonly [from: number, to: number] {
  const n = sorted.length;
  if (n === 0) return [0, 0];
  const valueAt = (i: number): number => at(sorted, i);
  const median = valueAt(n >> 1);
  let [from, to] = [0, n];
  let kept: readonly [number, number] = [0, n];
  let distinct = 0;
  let last = Number.NaN;
  // Goes from the outermost value inwards. The innermost gap decides.
  for (let removed = 1; removed <= mostStrays(n, { share, spread }); removed++) {
    const isLow = median - valueAt(from) > valueAt(to - 1) - median;
    const value = isLow ? valueAt(from++) : valueAt(--to);
    const stray = Math.abs(value - median);
    if (value !== last) distinct += 1;
    last = value;
    if (!spread && distinct > few(n)) break;
    const rest = Math.max(median - valueAt(from), valueAt(to - 1) - median);
    const isLevel = rest === 0 && removed > few(n);
    if (stray > APART_FACTOR * Math.max(rest, unit) && !isLevel) kept = [from, to];
  }
  return kept;
}
