import type { GapCount } from '@flowline/db';
import { at } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { ENOUGH_GAPS, weekOfGaps } from './week-of-gaps.ts';

const WEEK = 168;
const LONG_MS = 15 * 3_600_000;

const count = (changes: Partial<GapCount>): GapCount => ({ hour: 0, hours: 0, gapMs: 2_000, gaps: 1, ...changes });

/** The same from every single gap, one after another. */
function naive(counts: readonly GapCount[]): number[] {
  const singles = (some: readonly GapCount[]): number[] =>
    some.flatMap(({ gapMs, gaps }) => Array.from({ length: gaps }, () => gapMs));
  const touching = (hour: number): number[] =>
    singles(counts.filter((one) => one.hour + one.hours >= (hour < one.hour ? hour + WEEK : hour)));
  // The hours may lie in the week before or after.
  const isWithin = ({ hour, hours }: GapCount, from: number, to: number): boolean =>
    [-WEEK, 0, WEEK].some((weeks) => hour + weeks >= from && hour + hours + weeks <= to);
  const quantile = (gaps: readonly number[]): number =>
    [...gaps].sort((a, b) => a - b).at(Math.ceil((999 * gaps.length) / 1_000) - 1) ?? 0;
  const hours = Array.from({ length: WEEK }, (_, hour) => touching(hour));
  return hours.map((own, hour) => {
    for (let near = 0; near <= 83; near++) {
      const around = near === 0 ? own : singles(counts.filter((one) => isWithin(one, hour - near, hour + near)));
      if (around.length < ENOUGH_GAPS) continue;
      return Math.max(quantile(own), quantile(around));
    }
    return Math.max(quantile(own), quantile(singles(counts)));
  });
}

describe('the 99.9 % quantile of gaps by hour of the week', () => {
  it('is that of a naive computation, with hours that have enough gaps and with thin ones', () => {
    const counts = fc.array(
      fc.record({
        hour: fc.integer({ min: 0, max: WEEK - 1 }),
        hours: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 4 }), fc.constant(200)),
        gapMs: fc.integer({ min: 1, max: 20 }),
        gaps: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom(400, 999, 1_000, 1_001)),
      }),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(counts, (list) => {
        expect(weekOfGaps(list)).toEqual(naive(list));
      }),
      { numRuns: 6 },
    );
  });

  it('leaves out the longest gap in a thousand, and not the two longest', () => {
    const usual = (gaps: number) => Array.from({ length: WEEK }, (_, hour) => count({ hour, gaps }));
    const long = (gaps: number) => count({ hour: 5, gapMs: LONG_MS, gaps });
    expect(at(weekOfGaps([...usual(999), long(1)]), 5)).toBe(2_000);
    expect(at(weekOfGaps([...usual(998), long(2)]), 5)).toBe(LONG_MS);
  });

  it('is long in the hours that a weekly rest touches, however busy those before are', () => {
    // Eight weeks: Monday from 9 to 17 an event per second, and one gap from 17 to 8.
    const day = Array.from({ length: 8 }, (_, i) => count({ hour: 9 + i, gaps: 8 * 3_600 }));
    const rest = count({ hour: 17, hours: 15, gapMs: LONG_MS, gaps: 8 });
    const week = weekOfGaps([...day, rest]);
    expect(week.slice(9, 17)).toEqual(Array.from({ length: 8 }, () => 2_000));
    expect(week.slice(17, 33)).toEqual(Array.from({ length: 16 }, () => LONG_MS));
  });
});
