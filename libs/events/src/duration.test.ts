import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { formatDurationMs, parseDurationMs } from './duration.ts';

describe('parseDurationMs', () => {
  it.each([
    ['250ms', 250],
    ['1.5h', 5_400_000],
    ['30d', 2_592_000_000],
    ['2w', 1_209_600_000],
    ['0d', undefined],
    ['-1d', undefined],
    ['30', undefined],
    ['30 d', undefined],
    ['30days', undefined],
    ['', undefined],
  ])('%p is %p ms', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms);
  });

  it('reads back what formatDurationMs writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 40 }), (ms) => {
        expect(parseDurationMs(formatDurationMs(ms))).toBe(ms);
      }),
    );
    expect(formatDurationMs(86_400_000)).toBe('1d');
    expect(formatDurationMs(90_000)).toBe('90s');
  });
});
