import { at, type Steps } from '@flowline/events';

import type { ColumnTable } from './column-table.ts';

/** Test of the values of one numeric column. */
export interface ValueTest {
  readonly column: number;
  /** Range within which no value is marked; {@link NO_RANGE} if there is none. */
  readonly usual: readonly [lowest: number, highest: number];
  readonly marks: (value: number) => boolean;
}

/** Range without a value. */
export const NO_RANGE = [Infinity, -Infinity] as const;

/** Marks rows in which any test holds of an observed value, in steps: [size], 1 for such a row. */
export function* markedRows(table: ColumnTable, tests: readonly ValueTest[]): Steps<Uint8Array> {
  const marked = new Uint8Array(table.size);
  for (const test of tests) {
    let row = 0;
    for (const values of table.numbers(test.column)) {
      mark(values, test, marked, row);
      row += values.length;
      yield;
    }
  }
  return marked;
}

function mark(
  values: Float64Array,
  { usual: [lowest, highest], marks }: ValueTest,
  marked: Uint8Array,
  row: number,
): void {
  for (let i = 0; i < values.length; i++) {
    const value = at(values, i);
    if (value >= lowest && value <= highest) continue;
    if (!Number.isNaN(value) && marks(value)) marked[row + i] = 1;
  }
}
