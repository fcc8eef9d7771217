import { describe, expect, it } from '@jest/globals';

import { type Axis, type AxisFeature, axisOf, axisTicks, shareOf, valueAlong } from './axis.ts';

const linear: AxisFeature = {
  ...{ name: 'amount', isInteger: false, period: null, range: [0, 100] },
  ...{ toScale: (value) => value, fromScale: (at) => at },
};
const logarithmic: AxisFeature = { ...linear, name: 'latency', toScale: Math.log10, fromScale: (at) => 10 ** at };
const events = Array.from({ length: 101 }, (_, i) => ({ amount: i, latency: 10 ** (i / 25) }));
const values = (axis: Axis): number[] => axisTicks(axis).map(({ value }) => value);

describe('an axis', () => {
  it('covers the events, with room beside them, and a point that is near', () => {
    expect(axisOf(linear, events, {})).toMatchObject({ from: -12, to: 112 });
    const { to } = axisOf(linear, events, { amount: 150 });
    expect(to).toBeGreaterThan(150);
    expect(axisOf(linear, events, { amount: 1e9 }).to).toBeLessThan(250);
    expect(axisOf(linear, [], { amount: null })).toMatchObject({ from: -12, to: 112 });
  });

  it('has the value at each place, and the place of each value', () => {
    const axis = axisOf(logarithmic, events, {});
    for (const share of [0, 0.3, 1]) expect(shareOf(axis, valueAlong(axis, share))).toBeCloseTo(share, 9);
    expect(valueAlong({ ...axisOf(linear, events, {}), feature: { ...linear, isInteger: true } }, 0.51)).toBe(51);
  });

  it('has round labels, on an even scale and on another', () => {
    expect(values(axisOf(linear, events, {}))).toEqual([0, 20, 40, 60, 80, 100]);
    const uneven = values(axisOf(logarithmic, events, {}));
    expect(uneven).toHaveLength(5);
    for (const value of uneven) expect(String(value).replace(/0+$/, '')).toMatch(/^\d\.?\d?$/);
  });

  it('shows the whole cycle of a cyclic feature', () => {
    const day = { ...linear, period: 24, range: [0, 24] as const };
    const axis = axisOf(day, [], {});
    expect(axis).toMatchObject({ from: 0, to: 24 });
    expect(values(axis)).toEqual([6, 12, 18]);
  });
});
