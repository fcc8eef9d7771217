import { at } from '@flowline/events';

import type { BaselineRows } from '../matrix.ts';
import type { Baseline } from './baseline.ts';

/** −log P(X ≤ x) and −log P(X ≥ x) of a value, and the one on the side of the longer tail. */
interface Tails {
  readonly left: number;
  readonly right: number;
  readonly skewed: number;
}

/** ECOD (Li et al., 2022): per column the least likely tail, summed. */
export const ecod: Baseline = tailBaseline('ECOD', ({ left, right, skewed }) => Math.max(left, right, skewed));

/**
 * COPOD (Li et al., 2020): per column the mean of both tails, or the longer one if that is less
 * likely.
 */
export const copod: Baseline = tailBaseline('COPOD', ({ left, right, skewed }) => Math.max((left + right) / 2, skewed));

/** As in PyOD, the empirical distributions are those of the training and test rows together. */
function tailBaseline(name: string, combine: (tails: Tails) => number): Baseline {
  return {
    name,
    fewestRows: 1,
    score({ train, test }: BaselineRows) {
      const scores = new Float64Array(test.rows);
      for (let column = 0; column < train.columns; column++) {
        const values = Float64Array.from({ length: train.rows + test.rows }, (_, row) =>
          row < train.rows
            ? at(train.values, row * train.columns + column)
            : at(test.values, (row - train.rows) * train.columns + column),
        );
        const tailsOf = empiricalTails(values);
        for (let row = 0; row < test.rows; row++) {
          scores[row] = at(scores, row) + combine(tailsOf(at(values, train.rows + row)));
        }
      }
      return scores;
    },
  };
}

function empiricalTails(values: Float64Array): (value: number) => Tails {
  const sorted = values.toSorted();
  const n = sorted.length;
  const skew = Math.sign(thirdMoment(values));
  return (value) => {
    const left = -Math.log(bound(sorted, (each) => each <= value) / n);
    const right = -Math.log((n - bound(sorted, (each) => each < value)) / n);
    return { left, right, skewed: skew > 0 ? right : skew < 0 ? left : left + right };
  };
}

function thirdMoment(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value / values.length, 0);
  return values.reduce((sum, value) => sum + (value - mean) ** 3 / values.length, 0);
}

/** Number of values at the start of a sorted list that satisfy a condition. */
function bound(sorted: Float64Array, holds: (value: number) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(at(sorted, middle))) low = middle + 1;
    else high = middle;
  }
  return low;
}
