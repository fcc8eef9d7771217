import { describe, expect, it } from '@jest/globals';

import { withoutBits } from './summary.ts';

describe('withoutBits', () => {
  it.each([
    [
      'delay 540, expected −12–48 given the rest (18.9 bits; the event 21.6)',
      'delay 540, expected −12–48 given the rest',
    ],
    ['method invoice, unlikely (3.3 bits; the event 10.6)', 'method invoice, unlikely'],
    ['gearbox 61, unlikely (39.9 bits; the event at least 39.9)', 'gearbox 61, unlikely'],
    ['Many alerts of checkout at once', 'Many alerts of checkout at once'],
    ['level (1.0 bits; the event 2.0), then more', 'level (1.0 bits; the event 2.0), then more'],
  ])('%s', (summary, text) => {
    expect(withoutBits(summary)).toBe(text);
  });
});
