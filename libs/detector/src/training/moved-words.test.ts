import { describe, expect, it } from '@jest/globals';

import type { MovedFeature } from './moved-features.ts';
import { movedWords } from './moved-words.ts';

const moved = (feature: string, more: Partial<MovedFeature>): MovedFeature => ({
  feature,
  distance: 0.5,
  before: null,
  after: null,
  missingBefore: 0,
  missingAfter: 0,
  period: null,
  ...more,
});

describe('movedWords', () => {
  it.each<[string, Partial<MovedFeature>, string]>([
    ['a number', { before: 1017.2, after: 1023.6 }, 'x from 1017 to 1024'],
    ['a negative one', { before: 0, after: -2.5 }, 'x from 0 to −2.5'],
    ['a cycle', { before: 270, after: 36, period: 360 }, 'x from 75 % to 10 % of its cycle'],
    ['a level', { before: 'EWR', after: 'JFK' }, 'x from mostly EWR to mostly JFK'],
    ['shares of levels', { before: 'EWR', after: 'EWR' }, 'x mostly EWR as before, spread otherwise'],
    [
      'what is gone',
      { before: 3, missingAfter: 1 },
      'x from 3 to no value (missing in 0 % of the rows, then in 100 %)',
    ],
    [
      'missing values',
      { before: 3, after: 3, missingBefore: 0.125, missingAfter: 0.3 },
      'x around 3 as before, spread otherwise (missing in 13 % of the rows, then in 30 %)',
    ],
    [
      'what a terminal obeys',
      { before: 'a', after: `\u001b[31m${'b'.repeat(99)}` },
      `x from mostly a to mostly ?[31m${'b'.repeat(35)}…`,
    ],
  ])('says %s with its values before and after', (_what, more, words) => {
    expect(movedWords([moved('x', more)])).toBe(words);
  });

  it('names five, and counts the others', () => {
    const seven = Array.from({ length: 7 }, (_, i) => moved(`f${i}`, { before: 0, after: i + 1 }));
    expect(movedWords(seven)).toMatch(/^f0 from 0 to 1; .*; f4 from 0 to 5; 2 more$/);
    expect(movedWords([])).toBe('');
  });
});
