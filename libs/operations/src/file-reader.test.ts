import type { FeatureSpec } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { createFileReader } from './file-reader.ts';

const schema: readonly FeatureSpec[] = [
  {
    ...{ name: 'before', type: 'real', from: { lag: { of: 'x' } }, role: 'score' },
    ...{ nullable: true, maxLevels: 64, period: null },
  },
];

describe('a file of events of entities', () => {
  it('has its windows over what stands before in the file, wherever it is cut, and past rows that do not fit', () => {
    const read = createFileReader({ schema, lookups: {}, entity: { key: ['id'], time: { field: 't', unit: 'ms' } } });
    const records = [
      { id: 'a', t: 1, x: 1 },
      { id: 'b', t: 2, x: 2 },
      { t: 3, x: 3 },
      { id: 'a', t: 4, x: 4 },
    ];
    const first = read(records);
    expect([...first.table.numeric]).toEqual([NaN, NaN, 1]);
    expect(first.faults).toMatchObject([{ index: 2, reason: 'missing_field', field: 'id' }]);
    const second = read([{ id: 'b', t: 5, x: 5 }, 7, { id: 'a', t: 6, x: 6 }]);
    expect([...second.table.numeric]).toEqual([2, 4]);
    expect([...second.accepted]).toEqual([0, 2]);
  });
});
