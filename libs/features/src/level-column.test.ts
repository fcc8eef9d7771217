import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { fitLevelColumn } from './level-column.ts';
import { countedLevels } from './testing/counted-levels.ts';

const categorical = { maxLevels: 3, boolean: false };
const values = ['b', 'a', 'b', null, 'c', 'a', 'b', 'd', 'e'];

describe('fitLevelColumn', () => {
  it('keeps the most frequent levels, ties in the order of their text', () => {
    expect(fitLevelColumn(countedLevels(values), categorical).config).toEqual({
      levels: ['b', 'a', 'c'],
      counts: [3, 2, 1],
      unseen: 2,
      closed: false,
    });
    expect(fitLevelColumn(countedLevels([...values].reverse()), categorical).config).toEqual(
      fitLevelColumn(countedLevels(values), categorical).config,
    );
  });

  it('knows both levels of a boolean column, whichever occurred', () => {
    const column = fitLevelColumn(countedLevels(['true', 'true', null]), { maxLevels: 1, boolean: true });
    expect(column.config).toEqual({ levels: ['true', 'false'], counts: [2, 0], unseen: 0, closed: true });
    expect([0, 1, 2].map((index) => column.probability(index))).toEqual([2.5 / 3, 0.5 / 3, 0]);
  });
});

describe('LevelColumn', () => {
  const column = fitLevelColumn(countedLevels(values), categorical);

  it('finds levels, unseen ones and missing ones', () => {
    expect(['b', 'a', 'c', 'd', 'zzz', '', '__proto__', null].map((level) => column.indexOf(level))).toEqual([
      0, 1, 2, 3, 3, 3, 3, -1,
    ]);
    expect([0, 2, 3].map((index) => column.levelAt(index))).toEqual(['b', 'c', null]);
  });

  it('smooths the counts by ½, unseen levels together being one more level', () => {
    expect([0, 1, 2, 3].map((index) => column.probability(index))).toEqual([3.5 / 10, 2.5 / 10, 1.5 / 10, 2.5 / 10]);
  });

  it('gives a one-hot column to what training rows have, and to no other', () => {
    expect([...column.columns]).toEqual([0, 1, 2, 3]);
    expect([...fitLevelColumn(countedLevels(['a', 'b']), categorical).columns]).toEqual([0, 1, -1]);
    expect(fitLevelColumn(countedLevels(['true']), { maxLevels: 1, boolean: true }).width).toBe(1);
    expect(fitLevelColumn(countedLevels([null]), categorical).width).toBe(0);
  });

  it('is a distribution, without a zero', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.string({ maxLength: 2 }))),
        fc.integer({ min: 1, max: 5 }),
        (levels, maxLevels) => {
          const fitted = fitLevelColumn(countedLevels(levels), { maxLevels, boolean: false });
          const all = Array.from({ length: fitted.unseenIndex + 1 }, (_, index) => fitted.probability(index));
          expect(all.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
          expect(Math.min(...all)).toBeGreaterThan(0);
        },
      ),
    );
  });
});
