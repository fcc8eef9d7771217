import { describe, expect, it } from '@jest/globals';

import { rankMethods } from './compare-methods.ts';

const onSets = (...values: readonly number[]) => new Map(values.map((value, i) => [`set ${i}`, value]));

describe('rankMethods', () => {
  it('ranks methods per set, with shared ranks for equal values', () => {
    const { meanRanks, data } = rankMethods(
      new Map([
        ['a', onSets(0.9, 0.8, 0.7)],
        ['b', onSets(0.8, 0.8, 0.9)],
        ['c', onSets(0.7, 0.6, 0.8)],
      ]),
    );
    expect(data).toBe(3);
    expect(meanRanks.get('a')).toBeCloseTo((1 + 1.5 + 3) / 3);
    expect(meanRanks.get('b')).toBeCloseTo((2 + 1.5 + 1) / 3);
    expect(meanRanks.get('c')).toBeCloseTo((3 + 3 + 2) / 3);
  });

  it('leaves out sets that a method lacks', () => {
    const values = new Map([
      ['a', onSets(1, 0)],
      ['b', onSets(0)],
    ]);
    expect(rankMethods(values)).toMatchObject({ data: 1, criticalDifference: null });
  });

  it('knows the critical difference of four methods on fourteen sets (Demšar, 2006: 1.25)', () => {
    const sets = Array.from({ length: 14 }, (_, i) => i);
    const { criticalDifference } = rankMethods(new Map(['a', 'b', 'c', 'd'].map((name) => [name, onSets(...sets)])));
    expect(criticalDifference).toBeCloseTo(1.25, 2);
  });
});
