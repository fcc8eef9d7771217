/** Where stray values of a column may be looked for, and how many. */
export interface StrayRule {
  /** At most this share of the values is stray. */
  readonly share: number;
  /** Whether as many different values may be stray: only then can a stray group be anything but a few rows, or a code. */
  readonly spread: boolean;
}

/**
 * The rules of a history that is known to be normal, where only single values and codes (−9999 for "no reading") are stray, and of one
 * that may hold anomalies, where any small group far apart is.
 */
export const strayRules = {
  clean: { share: 0.01, spread: false },
  unlabelled: { share: 0.02, spread: true },
} as const satisfies Record<string, StrayRule>;

/** A value is stray when it is this many times as far from the median as every value that is not. */
const APART = 5;
/** So many rows, or different values, are few. */
const few = (rows: number): number => Math.max(3, rows / 1000);

/**
 * The part of a column that may set its scale: all but a few values that lie far apart from the rest. Heavy tails have no gap and
 * stay whole; so does a rare level of a column that is constant otherwise, unless it has only a few rows.
 * @param sorted the column on its scale, ascending.
 * @param unit deviations below this are no distance: 1 for whole numbers, else 0.
 * @returns the first value that is kept, and the one after the last.
 */
export function withoutStrays(
  sorted: Float64Array,
  { share, spread }: StrayRule,
  unit = 0,
): readonly [from: number, to: number] {
  const n = sorted.length;
  const valueAt = (i: number): number => sorted[i] ?? 0;
  const median = valueAt(n >> 1);
  let [from, to] = [0, n];
  let kept: readonly [number, number] = [0, n];
  let distinct = 0;
  let last = Number.NaN;
  // From the outermost value inwards; the innermost gap counts.
  for (let removed = 1; removed <= share * n; removed++) {
    const isLow = median - valueAt(from) > valueAt(to - 1) - median;
    const value = isLow ? valueAt(from++) : valueAt(--to);
    const stray = Math.abs(value - median);
    if (value !== last) distinct += 1;
    last = value;
    if (!spread && distinct > few(n)) break;
    const rest = Math.max(median - valueAt(from), valueAt(to - 1) - median);
    const isLevel = rest === 0 && removed > few(n);
    if (stray > APART * Math.max(rest, unit) && !isLevel) kept = [from, to];
  }
  return kept;
}
