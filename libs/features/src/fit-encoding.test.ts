import type { FeatureSpec } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { emptyTable, selectRows, type FeatureTable } from './feature-table.ts';
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
      expect([...other.rows]).toEqual([1, 1, 0, 1]);
      expect(other.logAbsDet[0]).toBe(0);
    }
  });

  it('fits a column without any value, and says so', () => {
    const table = tableOf([
      [NaN, 1, 'a'],
      [NaN, 2, 'b'],
    ]);
    const encoding = fitEncoding(schema, table);
    expect(encoding.warnings).toEqual(['x: no training row has a value; it is not scaled.']);
    expect(encoding.encode(table).missingPattern[0]).toBeGreaterThan(0);
    expect(encoding.encode(tableOf([[7, 1, 'a']])).rows[0]).toBe(7);
  });

  it('tells levels beyond maxLevels, and values outside their domain', () => {
    const table = tableOf([
      [1, 1, 'a'],
      [2, 2.5, 'b'],
      [3, 2, 'c'],
      [3, 2, 'd'],
    ]);
    expect(fitEncoding(schema, table).warnings).toEqual([
      'k: 1 of 4 training values lie outside the domain of its type, integer.',
      'c: 2 of 4 training rows have none of its 2 most frequent levels; those count as unseen.',
    ]);
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
          [1e300, 1, 'a'],
          [-1e300, 1, 'a'],
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
