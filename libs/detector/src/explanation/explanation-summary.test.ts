import { type TestComponent, testComponents } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { summarise } from './explanation-summary.ts';

const summaryOf = (raisedBy: TestComponent, outOfDomain = false): string =>
  summarise({
    contribution: { feature: 'load', bits: 12, direction: 'high' },
    observed: 9,
    expected: { median: 2, p05: 1, p95: 3 },
    ...{ outOfDomain, raisedBy, pValue: { p: 2 ** -14, method: 'tail' } },
  });

describe('summarise', () => {
  it('says which component of the test raised an event', () => {
    expect(testComponents.map((component) => summaryOf(component))).toEqual([
      'load 9, expected 1–3 given the rest (12.0 bits; the event 14.0)',
      'all values are closer to those expected than in normal events (the event 14.0 bits)',
      'load 9, expected 1–3 given the rest (12.0 bits; the event 14.0: the combination of its values is extreme)',
      'load 9, expected 1–3 given the rest (12.0 bits; the event 14.0: one value is extreme given the others)',
      'load 9, expected 1–3 given the rest (12.0 bits; the event 14.0: few rows of the history are near)',
    ]);
  });

  it('says of a value outside its domain nothing but that', () => {
    expect(summaryOf('distant', true)).toBe('load 9, outside its domain, expected 1–3 (the event 14.0 bits)');
  });
});
