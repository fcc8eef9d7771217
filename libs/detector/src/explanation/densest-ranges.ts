import { type CurveRange, type IntegratedCurve, logShareAtMost, rangesAbove } from './conditional-curve.ts';

/** Mass of the ranges. */
const MASS = 0.9;
/** A fall and a rise of the log-density by this much are two modes, not noise. */
const DIP_NATS = 1;
/** A mode this far below the highest one has no part in the mass. */
const LEAST_MODE_NATS = 8;
/** More ranges are no help to a reader. */
const MOST_RANGES = 3;
const SEARCH_STEPS = 30;

/**
 * Ranges of the highest density that have 90 % of the mass, ascending; null unless there are two or
 * three, as of a distribution with two modes.
 */
export function densestRanges(curve: IntegratedCurve): readonly CurveRange[] | null {
  if (!hasTwoModes(curve)) return null;
  let [low, high] = [curve.peak - 2 * LEAST_MODE_NATS, curve.peak];
  for (let step = 0; step < SEARCH_STEPS; step++) {
    const middle = (low + high) / 2;
    if (logShareAtMost(curve, middle) < Math.log1p(-MASS)) low = middle;
    else high = middle;
  }
  const ranges = rangesAbove(curve, low);
  return ranges.length < 2 || ranges.length > MOST_RANGES ? null : ranges;
}

/** True if the log-density falls from a mode and rises to another one with a part in the mass. */
export function hasTwoModes({ logDensity, peak }: IntegratedCurve): boolean {
  let [isFalling, turn] = [false, -Infinity];
  for (const value of logDensity) {
    if (isFalling) {
      turn = Math.min(turn, value);
      if (value > turn + DIP_NATS && value > peak - LEAST_MODE_NATS) return true;
    } else {
      turn = Math.max(turn, value);
      if (turn > peak - LEAST_MODE_NATS && value < turn - DIP_NATS) [isFalling, turn] = [true, value];
    }
  }
  return false;
}

/** True if a position lies between two of the ranges. */
export function isBetween(ranges: readonly CurveRange[] | null, position: number): boolean {
  if (ranges === null || ranges.some(({ from, to }) => position >= from && position <= to)) return false;
  return ranges.some(({ to }) => to < position) && ranges.some(({ from }) => from > position);
}
