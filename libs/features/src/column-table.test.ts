import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { columnsOf, ColumnTableBuilder } from './column-table-builder.ts';
import { type FeatureTable, selectRows, sliceTable } from './feature-table.ts';

const WIDTHS = { numericWidth: 2, levelWidth: 2 };

function tableOf(size: number): FeatureTable {
  return {
    ...WIDTHS,
    size,
    numeric: Float64Array.from({ length: size * 2 }, (_, i) => (i % 7 === 0 ? NaN : i / 3)),
    levels: Array.from({ length: size * 2 }, (_, i) => (i % 5 === 0 ? null : `level ${i % 11}`)),
  };
}

describe('ColumnTable', () => {
  it('has the rows of the tables that it was built of, whatever their sizes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 5 }), (sizes) => {
        const all = tableOf(sizes.reduce((sum, size) => sum + size, 0));
        const builder = new ColumnTableBuilder(2, 2);
        let row = 0;
        for (const size of sizes) builder.appendRows(sliceTable(all, row, (row += size)));
        const built = builder.table();
        expect(built.rows(0, built.size)).toEqual(all);
      }),
      { numRuns: 30 },
    );
  });

  it('is the same across the boundaries of its chunks: slices, selections and columns', () => {
    const all = tableOf(150_000);
    const table = columnsOf(all);
    const [from, to] = [65_530, 131_080];
    expect(table.slice(from, to).rows(0, 20)).toEqual(sliceTable(all, from, from + 20));
    expect(table.slice(100, to).rows(from - 200, from)).toEqual(sliceTable(all, from - 100, from + 100));
    const picked = Int32Array.of(149_999, 0, 65_535, 65_536, 131_072);
    expect(table.select(picked)).toEqual(selectRows(all, picked));
    const numbers = [...table.slice(from, to).numbers(1)].flatMap((part) => [...part]);
    expect(numbers).toEqual(Array.from({ length: to - from }, (_, i) => all.numeric[(from + i) * 2 + 1]));
    const levels = [...table.slice(from, to).levels(0)].flatMap((part) => [...part]);
    const names = levels.map((level) => (level < 0 ? null : table.names(0)[level]));
    expect(names).toEqual(Array.from({ length: to - from }, (_, i) => all.levels[(from + i) * 2]));
  });

  it('has no row beyond its end', () => {
    const table = columnsOf(tableOf(10)).slice(2, 5);
    expect(table.rows(0, 100).size).toBe(3);
    expect(() => table.select(Int32Array.of(3))).toThrow(/has no row 3/);
  });
});
