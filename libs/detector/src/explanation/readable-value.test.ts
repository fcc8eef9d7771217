import { describe, expect, it } from '@jest/globals';

import { readableValue } from './readable-value.ts';

const DAY = 86_400_000;
const THURSDAY = Date.UTC(2026, 0, 1, 14, 5, 7);

describe('readableValue', () => {
  it.each([
    [{ type: 'cyclic', period: DAY } as const, THURSDAY, '14:05:07Z'],
    [{ type: 'cyclic', period: DAY } as const, THURSDAY - DAY * 20_000 * 3, '14:05:07Z'],
    [{ type: 'cyclic', period: 7 * DAY } as const, THURSDAY, 'Thu 14:05:07Z'],
    [{ type: 'cyclic', period: 24 } as const, 14, '14'],
    [{ type: 'cyclic', period: 360 } as const, 271.5, '271.5'],
    [{ type: 'cyclic', period: DAY } as const, 1e20, '1e20'],
    [{ type: 'real', period: null } as const, -THURSDAY, '−1.77e12'],
    [undefined, 3, '3'],
    [{ type: 'categorical', period: null } as const, 'a\u001b', 'a\\u001b'],
    [{ type: 'real', period: null } as const, null, 'missing'],
  ])('of %p, %p is %p', (spec, value, text) => {
    expect(readableValue(spec, value)).toBe(text);
  });
});
