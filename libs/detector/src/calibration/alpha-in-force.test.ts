import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { alphaInForce } from './alpha-in-force.ts';

const model = { alpha: 2e-3, control: { falseAlarmsPerDay: 2 }, eventsPerDay: 1_000 } as const;

describe('alphaInForce', () => {
  it('is what the definition in force asks for, whatever the model was trained with', () => {
    expect(alphaInForce({ alpha: 0.05 }, model)).toEqual({ alpha: 0.05, note: null });
    expect(alphaInForce({ falseAlarmsPerDay: 10 }, model)).toEqual({ alpha: 0.01, note: null });
  });

  it('is the stored one, bit for bit, where the control is the same', () => {
    const alpha = 0.1 + 0.2;
    expect(alphaInForce({ falseAlarmsPerDay: 2 }, { ...model, alpha }).alpha).toBe(alpha);
  });

  it('finds the events per day of an older model in its own alpha', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 100, noNaN: true }),
        fc.double({ min: 0.1, max: 100, noNaN: true }),
        fc.double({ min: 1e3, max: 1e7, noNaN: true }),
        (before, after, eventsPerDay) => {
          const older = { alpha: before / eventsPerDay, control: { falseAlarmsPerDay: before }, eventsPerDay: null };
          const { alpha, note } = alphaInForce({ falseAlarmsPerDay: after }, older);
          expect(note).toBeNull();
          expect(alpha * eventsPerDay).toBeCloseTo(after, 9);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('is that of reports where the false discovery rate is controlled, whatever the model knows', () => {
    const older = { alpha: 1e-5, control: { alpha: 1e-5 }, eventsPerDay: null };
    expect(alphaInForce({ fdr: 0.05 }, older)).toEqual({ alpha: 1e-3, note: null });
    expect(alphaInForce({ fdr: 0.2 }, { ...model, control: { fdr: 0.2 } })).toEqual({ alpha: 2e-3, note: null });
    expect(alphaInForce({ falseAlarmsPerDay: 5 }, { ...model, control: { fdr: 0.2 } }).alpha).toBe(5e-3);
  });

  it('says so where it cannot be known, or is none, and keeps what was', () => {
    const older = { alpha: 1e-3, control: { alpha: 1e-3 }, eventsPerDay: null };
    expect(alphaInForce({ falseAlarmsPerDay: 1 }, older)).toEqual({
      alpha: 1e-3,
      note: expect.stringContaining('the next model'),
    });
    expect(alphaInForce({ falseAlarmsPerDay: 900 }, model)).toEqual({
      alpha: 2e-3,
      note: expect.stringContaining('not between'),
    });
  });
});
