import type { Expression, FeatureSpec } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { fieldColumns } from './field-columns.ts';
import { createRecordReader } from './record-reader.ts';

const feature = (name: string, from: Expression, more: Partial<FeatureSpec> = {}): FeatureSpec => ({
  ...{ name, type: 'real', from, role: 'score', nullable: true, maxLevels: 64, period: null },
  ...more,
});

describe('fieldColumns', () => {
  it('reads the inputs of all features once: numeric fields, then windows', () => {
    const before = { lag: { of: 'x' } } as const;
    const columns = fieldColumns([
      feature('x', { asinh: 'x' }, { nullable: false }),
      feature('kind', 'kind', { type: 'categorical' }),
      feature('change', { difference: ['x', before] }),
      feature('before', before),
      feature('most', { rolling: { of: { log: 'y' }, statistic: 'max', over: 5 } }),
    ]);
    expect(columns).toMatchObject({ fields: ['x', 'y'], windows: 2 });
    expect(columns?.numeric.map(({ input }) => input)).toEqual([0, -1, 2, 3]);
    const inputs = Float64Array.of(5, Math.E, 3, NaN);
    expect(columns?.numeric[1]?.compute(inputs)).toBe(2);
    expect(columns?.observed.map((compute) => compute(inputs))).toEqual([5, 1]);
  });

  it('is not for dotted fields, lookups and computed levels', () => {
    const lookup = { table: 't', key: 'x', value: 'v' };
    for (const from of ['geo.lat', { lookup }, { lag: { of: 'geo.lat' } }] satisfies Expression[])
      expect(fieldColumns([feature('x', 'x'), feature('other', from)])).toBeNull();
    const part = { timePart: { of: 'at', part: 'month' } } as const;
    expect(fieldColumns([feature('x', 'x'), feature('month', part, { type: 'categorical' })])).toBeNull();
  });

  it('computes what the reader reads, or leaves it to the reader', () => {
    const expression$ = fc.letrec<{ tree: Expression; leaf: Expression }>((tie) => ({
      leaf: fc.constantFrom('a', 'b', 'c', 'd'),
      tree: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        tie('leaf'),
        fc.record({ log: tie('tree') }),
        fc.record({ asinh: tie('tree') }),
        fc.record({ difference: fc.tuple(tie('tree'), tie('tree')) }),
        fc.record({ ratio: fc.tuple(tie('tree'), tie('tree')) }),
        fc.record({ haversine: fc.tuple(tie('tree'), tie('tree'), tie('leaf'), tie('leaf')) }),
        fc.record({ timePart: fc.record({ of: tie('tree'), part: fc.constantFrom('month', 'hourOfDay') }) }),
      ),
    })).tree;
    const value$ = fc.oneof(fc.constantFrom(null, 0, -0, 1, -2.5, 1e300, 1.7e12), fc.double({ noNaN: true }));
    const record$ = fc.record({ a: value$, b: value$, c: value$, d: value$ });
    let decided = 0;
    fc.assert(
      fc.property(expression$, record$, (from, record) => {
        const schema = [feature('value', { ratio: [from, 'a'] })];
        const columns = fieldColumns(schema)!;
        const inputs = Float64Array.from(columns.fields, (field) => record[field as keyof typeof record] ?? NaN);
        const value = columns.numeric[0]!.compute(inputs);
        if (Math.abs(value) === Infinity) return;
        decided++;
        const { table, faults } = createRecordReader(schema, {}).read([record]);
        if (Math.abs(value) > columns.numeric[0]!.largest) expect(faults).toHaveLength(1);
        else expect([...table.numeric]).toEqual([value]);
      }),
      { numRuns: 1_000 },
    );
    expect(decided).toBeGreaterThan(300);
  });
});
