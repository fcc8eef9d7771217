import { describe, expect, it } from '@jest/globals';

import { featureFit } from './feature-fit.ts';
import { calibrationOf } from './model-fit.ts';

const numbers = Array.from({ length: 1_000 }, (_, i) => i / 1_000);

describe('the fit of a feature', () => {
  it('is near where the values agree, and far where they do not', () => {
    const same = featureFit('x', numbers, numbers);
    expect(same.distance).toBe(0);
    expect(same.edges).toHaveLength(same.events.length + 1);
    expect(same.events.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    const shifted = featureFit(
      'x',
      numbers,
      numbers.map((value) => value + 0.5),
    );
    expect(shifted.distance).toBeGreaterThan(0.4);
    const halfMissing = featureFit('x', [...numbers, ...numbers.map(() => null)], numbers);
    expect(halfMissing).toMatchObject({ distance: 0, missing: { events: 0.5, drawn: 0 } });
  });

  it('compares levels by their shares', () => {
    const fit = featureFit('kind', ['a', 'a', 'a', 'b'], ['a', 'b', 'b', null]);
    expect(fit).toMatchObject({ edges: null, levels: ['a', 'b'], events: [0.75, 0.25] });
    expect(fit.missing).toEqual({ events: 0, drawn: 0.25 });
    expect(fit.distance).toBeCloseTo(0.75 - 1 / 3, 12);
  });

  it('holds for a single value, and for none', () => {
    expect(featureFit('x', [3], [3]).distance).toBe(0);
    expect(featureFit('x', [null], [null])).toMatchObject({ events: [], distance: 0 });
  });
});

describe('the calibration of p-values', () => {
  it('equals them where they are uniform, as far as there are events', () => {
    const points = calibrationOf(numbers.map((value) => value + 1 / 1_000));
    expect(points.at(0)).toEqual({ expected: 1, measured: 1 });
    for (const { expected, measured } of points) expect(Math.abs(Math.log10(measured / expected))).toBeLessThan(0.12);
    expect(points.at(-1)!.measured).toBeGreaterThanOrEqual(0.005);
  });
});
