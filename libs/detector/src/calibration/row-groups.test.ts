import { atOnce } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { groupRows } from './row-groups.ts';

const rowsOf = (size: number, level: (row: number, context: number) => string | null, contexts: number) => ({
  patterns: new Int32Array(size),
  leftOut: new Uint8Array(size),
  contexts,
  level,
});

describe('groups of calibration rows', () => {
  it('are those of a pattern with 400 rows; rows of others, and those left out, have none', () => {
    const patterns = Int32Array.from({ length: 1_000 }, (_, row) => (row < 400 ? 1 : row < 799 ? -1 : 0));
    const leftOut = Uint8Array.from({ length: 1_000 }, (_, row) => (row === 399 ? 1 : 0));
    const few = atOnce(groupRows({ ...rowsOf(1_000, () => null, 0), patterns, leftOut }));
    expect(few.groups).toEqual([]);
    const enough = atOnce(groupRows({ ...rowsOf(1_000, () => null, 0), patterns }));
    expect(enough.groups).toEqual([{ pattern: 1, parent: null, context: null, level: null }]);
    expect([...new Set(enough.groupOf)]).toEqual([0, -1]);
  });

  it('are split by the first context whose levels have 1,000 rows, and within them by the next', () => {
    // The first context has a level per row, the second two, the third one that is common in half.
    const level = (row: number, context: number): string | null =>
      context === 0
        ? String(row)
        : context === 1
          ? ['a', 'b'][row % 2]!
          : row % 4 === 0
            ? 'x'
            : row % 4 === 1
              ? null
              : 'y';
    const { groups, groupOf } = atOnce(groupRows(rowsOf(4_800, level, 3)));
    expect(groups.map(({ parent, context, level: own }) => [parent, context, own])).toEqual([
      [null, null, null],
      [0, 1, 'a'],
      [0, 1, 'b'],
      [1, 2, 'x'],
      [1, 2, 'y'],
      [2, 2, 'y'],
    ]);
    expect([...groupOf.slice(0, 4)]).toEqual([3, 2, 4, 5]);
  });

  it('with fewer rows of a level are one', () => {
    const { groups } = atOnce(groupRows(rowsOf(1_998, (row) => ['a', 'b'][row % 2]!, 1)));
    expect(groups).toHaveLength(1);
  });
});
