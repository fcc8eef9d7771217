import { at, type FeatureSpec, missing } from '@flowline/events';
import { type ColumnTable, columnsOf, isLevelFeature } from '@flowline/features';

import type { HistoryParts } from '../bundle/bundle.ts';

/** Share of copies among the rows from which they matter. */
const MANY = 0.05;
/** Share of the different rows with a value of their own in a column: it is no set of levels. */
const OWN_VALUE = 0.5;

/**
 * Number of rows that are copies of earlier ones although a column of theirs hardly repeats a
 * value; 0 if they are at most a twentieth, or if values repeat anyway.
 */
export function countCopies(schema: readonly FeatureSpec[], table: ColumnTable): number {
  const firsts = firstRows(table, new Set());
  const copies = table.size - firsts.length;
  return copies <= MANY * table.size || !hasOwnValues(schema, table, firsts) ? 0 : copies;
}

/**
 * Parts of a history whose calibration and test rows are no copies of earlier ones, so that new
 * events are compared with rows that the model has not seen; null if fewer than `least` rows of
 * either would be left.
 */
export function withoutCopies(
  { train, validation, calibration, test }: HistoryParts<ColumnTable>,
  least: number,
): { readonly parts: HistoryParts<ColumnTable>; readonly leftOut: number } | null {
  const seen = new Set<number>();
  for (const part of [train, validation]) firstRows(part, seen);
  const kept = [calibration, test].map((part) => columnsOf(part.select(Int32Array.from(firstRows(part, seen)))));
  if (kept.some(({ size }) => size < least)) return null;
  const parts = { train, validation, calibration: at(kept, 0), test: at(kept, 1) };
  return { parts, leftOut: calibration.size + test.size - parts.calibration.size - parts.test.size };
}

/** Rows whose values were not seen before, in order; those of the table are then seen. */
function firstRows(table: ColumnTable, seen: Set<number>): readonly number[] {
  const firsts: number[] = [];
  for (const [row, key] of rowKeys(table).entries()) {
    if (seen.has(key)) continue;
    seen.add(key);
    firsts.push(row);
  }
  return firsts;
}

/** True if some column of real numbers has a value of its own in most of the given rows. */
function hasOwnValues(schema: readonly FeatureSpec[], table: ColumnTable, rows: readonly number[]): boolean {
  return schema
    .filter((spec) => !isLevelFeature(spec))
    .some(({ type }, column) => {
      if (type !== 'real' && type !== 'positive') return false;
      const values = Float64Array.from([...table.numbers(column)].flatMap((part) => [...part]));
      return new Set(rows.map((row) => at(values, row))).size > OWN_VALUE * rows.length;
    });
}

/** A number per row, the same for equal rows: 53 bits of a hash (after FNV-1a) of its values. */
function rowKeys(table: ColumnTable): Float64Array {
  const [high, low] = [new Uint32Array(table.size).fill(0x811c9dc5), new Uint32Array(table.size).fill(0x01000193)];
  const mix = (row: number, word: number): void => {
    high[row] = Math.imul((high[row] ?? missing(high, row)) ^ word, 0x01000193);
    low[row] = Math.imul((low[row] ?? missing(low, row)) ^ (word >>> 7) ^ (word << 9), 0x85ebca6b);
  };
  const bits = new DataView(new ArrayBuffer(8));
  for (let column = 0; column < table.numericWidth; column++) {
    let row = 0;
    for (const values of table.numbers(column)) {
      for (const value of values) {
        bits.setFloat64(0, value);
        mix(row, bits.getUint32(0));
        mix(row++, bits.getUint32(4));
      }
    }
  }
  for (let column = 0; column < table.levelWidth; column++) {
    let row = 0;
    for (const levels of table.levels(column)) for (const level of levels) mix(row++, level);
  }
  return Float64Array.from(high, (word, row) => (word >>> 11) * 2 ** 32 + at(low, row));
}
