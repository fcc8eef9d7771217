import type { FeatureSpec } from '@flowline/events';
import { Numeral } from '@flowline/events';
import { createRecordReader } from '@flowline/features';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { plainHistory } from './plain-history.ts';

const feature = (name: string, type: FeatureSpec['type'], nullable: boolean): FeatureSpec => ({
  ...{ name, type, from: name, role: 'score', nullable, maxLevels: 64 },
  period: type === 'cyclic' ? 24 : null,
});
const schema = [
  feature('real', 'real', false),
  feature('cyclic', 'cyclic', true),
  feature('level', 'categorical', true),
  feature('flag', 'boolean', false),
];
const reader = createRecordReader(schema, {});
const columns = schema.map(({ name }) => ({ name, asName: false }));
const cell = fc.oneof(
  fc.double(),
  fc.constantFrom(null, true, false, 'a', 'a  ', 'NaN', '2026-01-01', new Numeral('1.0'), new Numeral('1e999'), [], {}),
);

describe('the shortcut of plain columns', () => {
  it('takes a row only where the record reader reads the same from it', () => {
    fc.assert(
      fc.property(fc.array(cell, { minLength: 4, maxLength: 4 }), (values) => {
        const cells = values.map((value) => ({ kind: 'values' as const, values: [value] }));
        const timesMs = Float64Array.of(0);
        const batch = { size: 1, timesMs, timeValues: null, badTimes: null, cells, totals: null };
        const { numbers, levels, usual } = plainHistory(reader.plain!, columns)(batch);
        const { table } = reader.read([Object.fromEntries(schema.map(({ name }, i) => [name, values[i]]))]);
        if (usual[0] === 0) return;
        expect(table.size).toBe(1);
        expect([...table.numeric]).toEqual(numbers.map((column) => column[0]));
        expect(table.levels).toEqual(levels.map((column) => column[0]));
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes rows without oddities', () => {
    const numbers = { kind: 'numbers' as const, values: Float64Array.of(1, NaN, NaN), isNull: Uint8Array.of(0, 1, 0) };
    const levels = { kind: 'values' as const, values: ['a', null, 'b'] };
    const flags = { kind: 'values' as const, values: [true, false, true] };
    const real = { kind: 'numbers' as const, values: Float64Array.of(1, 2, 3), isNull: new Uint8Array(3) };
    const timesMs = Float64Array.of(0, 0, 0);
    const batch = {
      size: 3,
      timesMs,
      timeValues: null,
      badTimes: null,
      cells: [real, numbers, levels, flags],
      totals: null,
    };
    expect([...plainHistory(reader.plain!, columns)(batch).usual]).toEqual([1, 1, 0]);
  });
});
