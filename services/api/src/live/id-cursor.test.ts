import { describe, expect, it } from '@jest/globals';

import { IdCursor } from './id-cursor.ts';

describe('IdCursor', () => {
  it('takes every id once, in whatever order transactions commit', () => {
    const cursor = new IdCursor(10);
    expect(cursor.take([13, 14], 0)).toEqual([13, 14]);
    expect([cursor.gaps, cursor.resumeAfter]).toEqual([[[11, 12]], 10]);
    expect(cursor.take([12, 14], 1)).toEqual([12]);
    expect(cursor.take([11, 12, 17], 2)).toEqual([11, 17]);
    expect([cursor.gaps, cursor.last]).toEqual([[[15, 16]], 17]);
  });

  it('gives up what a rollback has left, once no transaction can fill it', () => {
    const cursor = new IdCursor(0);
    cursor.take([2], 0);
    expect(cursor.resumeAfter).toBe(0);
    cursor.take([], 41_000);
    expect([cursor.gaps, cursor.resumeAfter]).toEqual([[], 2]);
    expect(cursor.take([1], 41_001)).toEqual([]);
  });

  it('splits a gap', () => {
    const cursor = new IdCursor(0);
    cursor.take([6], 0);
    cursor.take([3], 0);
    expect(cursor.gaps.toSorted(([a], [b]) => a - b)).toEqual([
      [1, 2],
      [4, 5],
    ]);
  });
});
