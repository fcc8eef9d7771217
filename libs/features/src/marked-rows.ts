import { at, type Steps } from '@flowline/events';

import type { ColumnTable } from './column-table.ts';

/** Test of the values of one numeric column. */
export interface ValueTest {
  readonly column: number;
  readonly marks: (value: number) => boolean;
}

/** Marks rows in which any test holds of an observed value, in steps: [size], 1 for such a row. */
export function* markedRows(table: ColumnTable, tests: readonly ValueTest[]): Steps<Uint8Array> {
  const marked = new Uint8Array(table.size);
  for (const { column, marks } of tests) {
    let row = 0;
    for (const values of table.numbers(column)) {
      for (let i = 0; i < values.length; i++, row++) {
        const value = at(values, i);
        if (!Number.isNaN(value) && marks(value)) marked[row] = 1;
      }
      yield;
    }
  }
  return marked;
}
