import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { editDistance, nearest } from './nearest.ts';

const word = fc.string({ maxLength: 8 });

describe('editDistance', () => {
  it('is a metric', () => {
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
      }),
    );
    expect(editDistance('kitten', 'sitting')).toBe(3);
  });
});

describe('nearest', () => {
  it.each([
    ['topc', ['topic', 'format'], 'topic'],
    ['lookBack', ['lookback', 'maxRows'], 'lookback'],
    ['cooldown', ['topic'], undefined],
    ['x', ['a', 'b'], undefined],
    ['family', [], undefined],
  ])('of %s among %p is %p', (name, candidates, found) => {
    expect(nearest(name, candidates)).toBe(found);
  });
});
