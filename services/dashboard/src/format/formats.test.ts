import { describe, expect, it } from '@jest/globals';

import { formatCount, formatP, formatValue, plural } from './numbers.ts';
import { formatDuration } from './times.ts';

describe('formats', () => {
  it.each([
    [1_234, '1,234'],
    [1_250_000, '1.3 M'],
    [2.5e9, '2.5 G'],
    [NaN, '–'],
  ])('counts: %d', (count, text) => {
    expect(formatCount(count)).toBe(text);
  });

  it.each([
    [-480, '−480'],
    [0.621_34, '0.6213'],
    [1.5e-7, '1.50e−7'],
    [null, 'missing'],
    ['SFO', 'SFO'],
  ])('values: %p', (value, text) => {
    expect(formatValue(value)).toBe(text);
  });

  it.each([
    [0.0012, '0.0012'],
    [3.14e-9, '3.1e−9'],
  ])('p-values: %d', (p, text) => {
    expect(formatP(p)).toBe(text);
  });

  it.each([
    [400, '0 s'],
    [61_000, '1 min 1 s'],
    [3_600_000, '1 h'],
    [14 * 3_600_000, '14 h'],
    [90_000_000, '1 d 1 h'],
  ])('durations: %d', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('counts nouns', () => {
    expect([plural(1, 'alert'), plural(2, 'alert')]).toEqual(['1 alert', '2 alerts']);
    expect([plural(1, 'anomaly'), plural(0, 'anomaly')]).toEqual(['1 anomaly', '0 anomalies']);
    expect(plural(2, 'day')).toBe('2 days');
  });
});
