import { describe, expect, it } from '@jest/globals';
import { atOnce } from '@flowline/events';
import { Random } from '@flowline/flows';

import { fitLinearConditionals, largestDeviation, type LinearRows } from './linear-conditionals.ts';

const ROWS = 5_000;
/** Correlation of the two numbers, and so the share of one that the other explains. */
const RHO = 0.8;
const DEVIATION = Math.sqrt(1 - RHO ** 2);

/** Rows of two correlated numbers and one of its own. */
function correlated(random: Random, outliers = 0): LinearRows {
  const rows = new Float32Array(ROWS * 3);
  for (let i = 0; i < ROWS; i++) {
    const x = random.normal();
    rows.set([x, RHO * x + DEVIATION * random.normal(), random.normal()], i * 3);
    if (i < outliers) rows.set([6, -6, 0.1], i * 3);
  }
  return { rows, size: ROWS, width: 3 };
}

const deviationOf = (of: LinearRows, row: readonly number[], fall = 0): number => {
  const fit = atOnce(fitLinearConditionals(of, 3));
  return largestDeviation(fit, Float32Array.from(row), 0, fall);
};

describe('the largest deviation from linear conditionals', () => {
  const normal = correlated(new Random(1));

  it('is that of conditional standard deviations', () => {
    // Given x = 1, the second is 0.8 ± 0.6; given the second at −1, x is −0.8 ± 0.6.
    expect(deviationOf(normal, [1, -1, 0.1])).toBeCloseTo(1.8 / DEVIATION, 0);
    expect(deviationOf(normal, [0.1, 0.1, 4])).toBeCloseTo(4, 0);
  });

  it('is hardly moved by anomalies among the rows', () => {
    const spoilt = correlated(new Random(1), ROWS / 100);
    const row = [1, -1, 0.1];
    expect(Math.abs(deviationOf(spoilt, row) / deviationOf(normal, row) - 1)).toBeLessThan(0.1);
  });

  it('has no part of a missing value, which is 0', () => {
    // The second would be expected at 3.2: nothing else deviates as far.
    expect(deviationOf(normal, [4, 1e-6, 0.1])).toBeGreaterThan(5);
    expect(deviationOf(normal, [0, 1e-6, 4])).toBeGreaterThan(deviationOf(normal, [0, 1e-6, 0]));
    expect(deviationOf(normal, [0, 0, 0])).toBe(0);
  });

  it('grows with what a value is beyond the trained range', () => {
    expect(deviationOf(normal, [0, 0, 3], 8)).toBeCloseTo(Math.hypot(deviationOf(normal, [0, 0, 3]), 4), 9);
  });
});
