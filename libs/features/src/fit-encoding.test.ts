import { atOnce, type FeatureSpec } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { emptyTable, selectRows, type FeatureTable } from './feature-table.ts';
import { columnsOf } from './column-table-builder.ts';
import { fitEncoding } from './fit-encoding.ts';

const feature = (name: string, type: FeatureSpec['type'], more: Partial<FeatureSpec> = {}): FeatureSpec => ({
  name,
  type,
  from: name,
  role: 'score',
  nullable: false,
  maxLevels: 2,
  period: null,
  ...more,
});
const schema = [feature('x', 'real', { nullable: true }), feature('k', 'integer'), feature('c', 'categorical')];
const tableOf = (rows: readonly (readonly [number, number, string])[]): FeatureTable => ({
  size: rows.length,
  numeric: Float64Array.from(rows.flatMap(([x, k]) => [x, k])),
  numericWidth: 2,
  levels: rows.map(([, , level]) => level),
  levelWidth: 1,
});
const invalid = (where: string) => expect.objectContaining({ code: 'FLOWLINE_FEATURES_INVALID', where });

describe('fitEncoding', () => {
  it('fits a single row, and constant columns', () => {
    for (const copies of [1, 50]) {
      const table = tableOf(Array.from({ length: copies }, () => [3, 4, 'a'] as const));
      const encoding = fitEncoding(schema, table);
      expect(encoding.warnings).toEqual([]);
      expect([...encoding.encode(table).rows.subarray(0, 4)]).toEqual([0, 0, 1, 1]);
      const other = encoding.encode(tableOf([[4, 5, 'b']]));
      // Confined to the trained range, and far beyond it.
      expect(other.rows[0]).toBeCloseTo(0.3, 6);
      expect(other.logJacobian[0]).toBeLessThan(-10_000);
    }
  });

  it('takes a column without any value for missing, and says so', () => {
    const table = tableOf([
      [NaN, 1, 'a'],
      [NaN, 2, 'b'],
    ]);
    const encoding = fitEncoding(schema, table);
    expect(encoding.warnings).toEqual([
      'x: no training row has a value; it counts as missing until a training run has seen one.',
    ]);
    expect(encoding.encode(table).missingPattern[0]).toBeGreaterThan(0);
    const [missing, given] = [NaN, 2500].map((x) => encoding.encode(tableOf([[x, 1, 'a']])));
    expect(given).toEqual(missing);
  });

  it('names the column, the value and the row of what lies far apart, and leaves such rows out', () => {
    const rows = Array.from({ length: 200 }, (_, i) => [i % 17, 4, 'a'] as const);
    const table = tableOf([...rows.slice(0, 120), [-9999, 4, 'a'], ...rows.slice(120)]);
    const encoding = fitEncoding(schema, table);
    expect(encoding.warnings).toEqual([
      'x: 1 of 201 training values lie far apart from all others (0 to 16), such as -9999 in training row 121. They are left out ' +
        'of the training and are anomalies; leave such rows out in the history query.',
    ]);
    expect(atOnce(encoding.strayRows(columnsOf(table))).indexOf(1)).toBe(120);
    expect(atOnce(encoding.strayRows(columnsOf(table))).filter((stray) => stray === 1)).toHaveLength(1);
  });

  it('tells levels beyond maxLevels, and values outside their domain', () => {
    const rows = Array.from({ length: 20 }, (_, i) => [i, i, 'ab'[i % 2]!] as const);
    const table = tableOf([...rows, [2, 2.5, 'c'], [3, 2, 'd']]);
    expect(fitEncoding(schema, table).warnings).toEqual([
      'k: 1 of 22 training values lie outside the domain of its type, integer, such as 2.5 in training row 21.',
      'c: 2 of 22 training rows have none of its 2 most frequent levels; those count as unseen.',
    ]);
  });

  it('refuses a type that more than 5 % of the values do not have, and names an example', () => {
    const rows = Array.from({ length: 100 }, (_, i) => [i, i < 6 ? i + 0.25 : i, 'a'] as const);
    expect(() => fitEncoding(schema, tableOf(rows))).toThrow(
      expect.objectContaining({
        where: 'features.k',
        message:
          'k: 6 of 100 training values lie outside the domain of its type, integer, such as 0.25 in training row 1.',
      }),
    );
    expect(fitEncoding(schema, tableOf([...rows.slice(1), [100, 100, 'a']])).warnings).toHaveLength(1);
  });

  it('refuses what cannot be fitted', () => {
    expect(() => fitEncoding(schema, emptyTable(schema))).toThrow(invalid('features'));
    expect(() => fitEncoding(schema, tableOf([[1, 0.5, 'a']]))).toThrow(invalid('features.k'));
    expect(() => fitEncoding(schema, tableOf([[1, NaN, 'a']]))).toThrow(invalid('features.k'));
    expect(() => fitEncoding(schema, tableOf([[Infinity, 1, 'a']]))).toThrow(invalid('features.x'));
    expect(() =>
      fitEncoding(
        schema,
        tableOf([
          [Number.MAX_VALUE, 1, 'a'],
          [-Number.MAX_VALUE, 1, 'a'],
        ]),
      ),
    ).toThrow(invalid('features.x'));
    expect(() => fitEncoding(schema, { ...tableOf([[1, 1, 'a']]), levels: [null] })).toThrow(invalid('features.c'));
    expect(() => fitEncoding(schema, { ...tableOf([[1, 1, 'a']]), numericWidth: 3 })).toThrow(invalid('features'));
    const levelsOnly = [feature('c', 'categorical')];
    expect(() => fitEncoding(levelsOnly, emptyTable(levelsOnly))).toThrow(invalid('features'));
  });

  it('is the same for the same rows, in any order up to rounding', () => {
    const row = fc.tuple(
      fc.oneof(fc.constant(NaN), fc.double({ min: -1e3, max: 1e3, noNaN: true })),
      fc.integer(),
      fc.constantFrom('a', 'b', 'c'),
    );
    fc.assert(
      fc.property(fc.array(row, { minLength: 1 }), (rows) => {
        const table = tableOf(rows);
        const encoding = fitEncoding(schema, table);
        expect(JSON.stringify(fitEncoding(schema, table))).toBe(JSON.stringify(encoding));
        const reversed = selectRows(
          table,
          rows.map((_, i) => rows.length - 1 - i),
        );
        expect(fitEncoding(schema, reversed).encode(table).rows).toEqual(encoding.encode(table).rows);
      }),
    );
  });
});
