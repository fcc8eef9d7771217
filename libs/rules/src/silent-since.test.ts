import { DAY_MS } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { Occurrence } from './occurrences.ts';
import { latestStart } from './silent-since.ts';

const HOUR_MS = 3_600_000;
const at = (day: number, hour: number): number => day * DAY_MS + hour * HOUR_MS;
const within = (...list: readonly Occurrence[]) => {
  return (day: number): Occurrence[] =>
    list.filter(({ fromMs, toMs }) => toMs > day * DAY_MS && fromMs < (day + 1) * DAY_MS);
};

describe('the latest start of a silence', () => {
  it('is its length ago without a calendar', () => {
    expect(latestStart(at(100, 6), 2 * HOUR_MS, within())).toBe(at(100, 4));
    expect(latestStart(at(100, 1), 50 * HOUR_MS, within())).toBe(at(97, 23));
  });

  it('leaves out a night, also one that is not over', () => {
    const night = { fromMs: at(99, 22), toMs: at(100, 6) };
    expect(latestStart(at(100, 6), HOUR_MS, within(night))).toBe(at(99, 21));
    expect(latestStart(at(100, 3), HOUR_MS, within(night))).toBe(at(99, 21));
    expect(latestStart(at(100, 7), 2 * HOUR_MS, within(night))).toBe(at(99, 21));
  });

  it('is not found if a calendar leaves no time', () => {
    expect(latestStart(at(500, 3), HOUR_MS, within({ fromMs: 0, toMs: at(600, 0) }))).toBeNull();
  });

  it('agrees with a count of the minutes that are not left out', () => {
    const minute = 60_000;
    const occurrence = fc
      .tuple(fc.integer({ min: 0, max: 4_000 }), fc.integer({ min: 1, max: 2_000 }))
      .map(([from, length]) => ({ fromMs: from * minute, toMs: (from + length) * minute }));
    fc.assert(
      fc.property(
        fc.array(occurrence, { maxLength: 6 }),
        fc.integer({ min: 3_000, max: 5_000 }),
        fc.integer({ min: 1, max: 2_500 }),
        (list, until, length) => {
          let counted = 0;
          let start = until;
          while (counted < length) {
            start--;
            if (!list.some(({ fromMs, toMs }) => start * minute >= fromMs && start * minute < toMs)) counted++;
          }
          expect(latestStart(until * minute, length * minute, within(...list))).toBe(start * minute);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
