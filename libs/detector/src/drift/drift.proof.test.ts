import { at } from '@flowline/events';
import { Random } from '@flowline/flows';
import { describe, expect, it } from '@jest/globals';

import { DRIFT_EVIDENCE, driftEvidence, HISTOGRAM_CELLS, histogramOf } from './drift-evidence.ts';
import { independentValues } from './independent-values.ts';
import { autoregressive, pValuesOf } from './testing/streams.ts';

const STREAMS = 60;
const DAYS = 10;
const REFERENCE_DAYS = 7;
const EVENTS = 20_000;

/**
 * Days of a stream: normal values whose neighbours have the correlation ρ, some of them changed.
 */
interface Days {
  readonly rho: number;
  readonly side: 'above' | 'both';
  /** The values of the last day, as they have changed. */
  readonly change?: (z: number) => number;
  readonly days?: number;
}

/** Largest evidence of each stream on any of its days, or on its last day if that has changed. */
function evidenceOf({ rho, side, change, days = DAYS }: Days): number[] {
  return Array.from({ length: STREAMS }, (_, seed) => {
    const random = new Random(1_000 + seed);
    const series = autoregressive(random, days * EVENTS, rho);
    const reference = new Float64Array(HISTOGRAM_CELLS);
    let largest = 0;
    for (let day = 0; day < days; day++) {
      const own = series.subarray(day * EVENTS, (day + 1) * EVENTS);
      const isChanged = change !== undefined && day === days - 1;
      const { values } = independentValues(pValuesOf(isChanged ? own.map(change) : own, side));
      const evidence = driftEvidence(reference, values, random);
      if (change === undefined || isChanged) largest = Math.max(largest, evidence);
      if (day >= REFERENCE_DAYS) continue;
      histogramOf(values).forEach((count, cell) => {
        reference[cell] = at(reference, cell) + count;
      });
    }
    return largest;
  });
}

const found = (days: Days): number => evidenceOf(days).filter((evidence) => evidence >= DRIFT_EVIDENCE).length;

describe('drift of the p-values of a day of 20,000 events', () => {
  it.each([
    [0, 'both'],
    [0, 'above'],
    [0.5, 'above'],
    [0.9, 'both'],
    [0.9, 'above'],
    [0.98, 'above'],
  ] as const)('is found on none of 600 clean days of 60 streams with ρ = %p (%s)', (rho, side) => {
    expect(found({ rho, side })).toBe(0);
  });

  // Of 60 streams, on the first changed day, after three days of reference:
  // docs/reference/calibration.md.
  it.each([
    ['a shift by 0.1 sd', 0, 'above', (z: number) => z + 0.1, 15],
    ['a shift by 0.3 sd', 0, 'above', (z: number) => z + 0.3, 60],
    ['a shift by 0.5 sd', 0, 'both', (z: number) => z + 0.5, 59],
    ['a spread of 1.2', 0, 'both', (z: number) => z * 1.2, 60],
    ['a stuck value', 0, 'both', () => 0, 60],
    ['a shift by 0.3 sd', 0.9, 'above', (z: number) => z + 0.3, 29],
    ['a shift by 0.5 sd', 0.9, 'above', (z: number) => z + 0.5, 59],
    ['a spread of 1.5', 0.9, 'both', (z: number) => z * 1.5, 60],
  ] as const)('finds %s at ρ = %p (%s)', (_, rho, side, change, expected) => {
    const count = found({ rho, side, change, days: 4 });
    expect(Math.abs(count - expected)).toBeLessThanOrEqual(3);
  });

  it('would be found on clean days of dependent events, were they not thinned', () => {
    const random = new Random(5);
    const day = (): Float64Array => pValuesOf(autoregressive(random, EVENTS, 0.9), 'above');
    const evidence = Array.from({ length: 20 }, () => driftEvidence(histogramOf(day()), day(), random));
    expect(evidence.filter((one) => one >= DRIFT_EVIDENCE).length).toBeGreaterThan(15);
  });
});
