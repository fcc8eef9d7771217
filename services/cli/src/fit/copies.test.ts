import { tableOfRecords, featuresOf, profileTable } from '@flowline/tables';
import { describe, expect, it } from '@jest/globals';

import { copiesWarning } from './copies.ts';
import { readHistory } from './read-history.ts';

function warningOf(records: readonly object[]): string | null {
  const data = tableOfRecords(records, 'rows.csv');
  const schema = featuresOf(profileTable(data));
  const spec = { name: 'rows', schema, lookups: {}, entity: null, family: 'realNVP' as const };
  const { table } = readHistory(data, {
    spec: { ...spec, seed: 1, members: 1, data: 'unlabelled' },
    names: { time: null, id: null },
  });
  return copiesWarning('rows.csv', schema, table);
}

const row = (i: number) => ({ x: Math.sin(i), y: (i * 7) % 10, kind: ['a', 'b'][i % 2] });
const rows = Array.from({ length: 500 }, (_, i) => row(i));

describe('copiesWarning', () => {
  it('counts rows that are copies', () => {
    expect(warningOf([...rows, ...rows.slice(0, 100)])).toMatch(/^100 of 600 rows of rows\.csv are copies of others/);
    expect(warningOf([...rows, ...rows, ...rows])).toMatch(/^1,000 of 1,500 rows/);
  });

  it('says nothing of few copies, of rows that differ in one value, and of values that repeat anyway', () => {
    expect(warningOf([...rows, ...rows.slice(0, 20)])).toBeNull();
    expect(warningOf([...rows, ...rows.map((each) => ({ ...each, kind: each.kind === 'a' ? 'b' : 'a' }))])).toBeNull();
    expect(warningOf([...rows, ...rows.map((each) => ({ ...each, x: -each.x - 1 }))])).toBeNull();
    expect(warningOf(Array.from({ length: 900 }, (_, i) => ({ step: (i % 4) / 2, other: i % 3 })))).toBeNull();
  });
});
