import { describe, expect, it } from '@jest/globals';

import { measuredAlarms } from './alarms.ts';

const ROWS = 10_000;
const judged = {
  ...{ of: 'rows', alpha: 0.01, expectedRate: 0.01, order: 'time' as const },
  expected: { low: 0.008, high: 0.012 },
};

/** p-values of which every hundredth alarms, spread or in one burst. */
const spread = Float64Array.from({ length: ROWS }, (_, i) => (i % 100 === 0 ? 0.005 : 0.5));
const burst = Float64Array.from({ length: ROWS }, (_, i) => (i < 100 ? 0.005 : 0.5));

describe('measuredAlarms', () => {
  it('agrees with a rate that is kept, within the Wilson interval of independent rows', () => {
    const found = measuredAlarms({ ...judged, pValues: spread });
    expect(found).toMatchObject({ alarms: 100, rows: ROWS, isKept: true });
    // proportion_confint(100, 10000, method='wilson') of statsmodels.
    expect(found.measured.low).toBeCloseTo(0.00823, 5);
    expect(found.measured.high).toBeCloseTo(0.01215, 5);
    expect(found.verdict).toMatch(/agrees.*count as independent/);
  });

  it('counts rows in bursts as fewer, which widens the interval, and says so', () => {
    const found = measuredAlarms({ ...judged, pValues: burst });
    const independent = measuredAlarms({ ...judged, pValues: burst, order: 'random' });
    expect(independent.measured.high - independent.measured.low).toBeLessThan(0.005);
    expect(found.measured.high).toBeGreaterThan(4 * independent.measured.high);
    expect(found.verdict).toMatch(/Not enough rows to tell: 300 independent ones.*in bursts: the 10,000 rows count as/);
    expect(found.isKept).toBeNull();
  });

  it('finds more and fewer alarms than requested', () => {
    const asked = (rate: number) =>
      measuredAlarms({ ...judged, pValues: spread, expectedRate: rate, expected: { low: rate, high: rate } });
    expect(asked(0.002)).toMatchObject({ isKept: false, verdict: expect.stringMatching(/^There are more alarms/) });
    expect(asked(0.05)).toMatchObject({ isKept: false, verdict: expect.stringMatching(/^There are fewer alarms/) });
  });

  it('has no verdict where no rate can be promised', () => {
    const found = measuredAlarms({ ...judged, pValues: spread, expected: null });
    expect(found).toMatchObject({ isKept: null, verdict: expect.stringMatching(/^No rate can be promised/) });
  });
});
