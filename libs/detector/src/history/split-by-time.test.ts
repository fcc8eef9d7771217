import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { sizeOf, splitByTime } from './split-by-time.ts';

const minutes = (n: number) => Float64Array.from({ length: n }, (_, i) => i * 60_000);

describe('splitByTime', () => {
  it('gives train, validation, calibration and test, oldest first', () => {
    expect(splitByTime(minutes(10_000), 0.2)).toEqual({
      train: { start: 0, end: 6000 },
      validation: { start: 6000, end: 7000 },
      calibration: { start: 7000, end: 9000 },
      test: { start: 9000, end: 10_000 },
    });
  });

  it('uses every row once, and keeps rows of one time together', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 4000, maxLength: 6000 }),
        fc.double({ min: 0.1, max: 0.5, noNaN: true }),
        (times, calibration) => {
          const sorted = Float64Array.from(times).sort();
          const { train, validation, calibration: calibrated, test } = splitByTime(sorted, calibration);
          expect([train.start, train.end, validation.end, calibrated.end, test.end]).toEqual([
            0,
            validation.start,
            calibrated.start,
            test.start,
            sorted.length,
          ]);
          for (const { start } of [validation, calibrated, test])
            expect(sorted[start]).toBeGreaterThan(sorted[start - 1]!);
          expect(Math.abs(sizeOf(calibrated) / sorted.length - calibration)).toBeLessThan(0.02);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('refuses a history that is too small, saying what is missing', () => {
    expect(() => splitByTime(minutes(400), 0.2)).toThrow(
      expect.objectContaining({
        code: 'FLOWLINE_HISTORY_TOO_SMALL',
        message: 'The history holds 400 usable rows: 240 are left to train on, at least 500 are needed.',
      }),
    );
    expect(() => splitByTime(minutes(2000), 0.02)).toThrow(/40 are left to calibrate on/);
    expect(() => splitByTime(new Float64Array(0), 0.2)).toThrow(/0 usable rows/);
    expect(() => splitByTime(new Float64Array(10_000), 0.2)).toThrow(/HISTORY|calibrate/);
  });
});
