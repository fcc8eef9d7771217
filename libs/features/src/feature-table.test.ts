import type { FeatureSpec } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import {
  checkTable,
  concatTables,
  emptyTable,
  rowValues,
  selectRows,
  sliceTable,
  type FeatureTable,
} from './feature-table.ts';

const feature = (name: string, type: FeatureSpec['type']): FeatureSpec => ({
  name,
  type,
  from: name,
  role: 'score',
  nullable: true,
  maxLevels: 64,
  period: null,
});
const schema = [feature('c', 'categorical'), feature('x', 'real'), feature('y', 'real')];
const table: FeatureTable = {
  size: 3,
  numeric: Float64Array.of(1, 2, 3, NaN, 5, 6),
  numericWidth: 2,
  levels: ['a', null, 'c'],
  levelWidth: 1,
};

describe('a table', () => {
  it('is cut by rows, within its ends', () => {
    expect(sliceTable(table, 1, 3)).toEqual({
      ...table,
      size: 2,
      numeric: Float64Array.of(3, NaN, 5, 6),
      levels: [null, 'c'],
    });
    expect(sliceTable(table, -5, 99)).toEqual(table);
    expect(sliceTable(table, 2, 1).size).toBe(0);
  });

  it('gives rows in any order', () => {
    expect(selectRows(table, [2, 0, 2])).toEqual({
      ...table,
      numeric: Float64Array.of(5, 6, 1, 2, 5, 6),
      levels: ['c', 'a', 'c'],
    });
    for (const row of [3, -1, 0.5]) {
      expect(() => selectRows(table, [row])).toThrow(expect.objectContaining({ code: 'FLOWLINE_FEATURES_INVALID' }));
    }
  });

  it('is joined from its parts', () => {
    expect(concatTables([sliceTable(table, 0, 1), emptyTable(schema), sliceTable(table, 1, 3)])).toEqual(table);
    const other = { ...table, numericWidth: 1, numeric: new Float64Array(3) };
    expect(() => concatTables([table, other])).toThrow(expect.objectContaining({ code: 'FLOWLINE_FEATURES_INVALID' }));
    expect(() => concatTables([])).toThrow(expect.objectContaining({ code: 'FLOWLINE_FEATURES_INVALID' }));
  });

  it('tells a row by names, in schema order', () => {
    expect(Object.entries(rowValues(schema, table, 1))).toEqual([
      ['c', null],
      ['x', 3],
      ['y', null],
    ]);
  });

  it('is refused where it is not of the schema', () => {
    expect(() => checkTable(schema, table)).not.toThrow();
    for (const wrong of [{ levelWidth: 0 }, { numericWidth: 3 }, { size: 2 }, { levels: ['a'] }]) {
      expect(() => checkTable(schema, { ...table, ...wrong })).toThrow(
        expect.objectContaining({ code: 'FLOWLINE_FEATURES_INVALID' }),
      );
    }
  });
});
