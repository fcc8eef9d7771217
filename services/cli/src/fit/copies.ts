import { at, type FeatureSpec, missing } from '@flowline/events';
import { type ColumnTable, isLevelFeature } from '@flowline/features';

/** Share of copies among the rows that is worth a word. */
const MANY = 0.05;
/** Share of the different rows with a value of their own in a column: it is no set of levels. */
const OWN_VALUE = 0.5;

/**
 * Warning about rows that are copies of others although a column of theirs hardly repeats a value:
 * calibration then sees what it was trained on. Null if there are few, or if values repeat anyway.
 */
export function copiesWarning(where: string, schema: readonly FeatureSpec[], table: ColumnTable): string | null {
  const keys = rowKeys(table);
  const firsts = new Map<number, number>();
  for (const [row, key] of keys.entries()) if (!firsts.has(key)) firsts.set(key, row);
  const copies = table.size - firsts.size;
  if (copies <= MANY * table.size || !hasOwnValues(schema, table, [...firsts.values()])) return null;
  const count = `${copies.toLocaleString('en')} of ${table.size.toLocaleString('en')} rows`;
  return `${count} of ${where} are copies of others: the alarm rate holds for events that repeat as these do, and is higher for new ones. Leave copies out unless they are events of their own`;
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
