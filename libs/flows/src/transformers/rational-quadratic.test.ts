import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from '../backend.ts';
import { normalRows, taken } from '../testing/mathematics.ts';
import { featureMajor } from './parameters.ts';
import { RationalQuadratic } from './rational-quadratic.ts';

beforeAll(() => initBackend('wasm'));

const config = { type: 'rationalQuadratic', bins: 4, bound: 3, parameterBound: null } as const;
const spline = new RationalQuadratic(config);
const column = (values: readonly number[]) => tf.tensor2d([...values], [values.length, 1]);
const parametersOf = (rows: number) => {
  const one = tf.reshape<tf.Rank.R3>(normalRows(1, spline.parametersPerFeature, 5), [1, 1, -1]);
  return featureMajor(tf.tile<tf.Tensor3D>(one, [rows, 1, 1]));
};

describe('RationalQuadratic', () => {
  it('is the identity for zeros, and outside the bound whatever the parameters', () => {
    const inside = [-3, -1.7, -0.2, 0, 1.4, 2.999];
    const [z, logSlope] = spline.forward(
      column(inside),
      featureMajor(tf.zeros([inside.length, 1, spline.parametersPerFeature])),
    );
    taken(z).forEach((value, i) => expect(value).toBeCloseTo(inside[i]!, 5));
    taken(logSlope).forEach((value) => expect(value).toBeCloseTo(0, 5));
    const outside = [-1e4, -3.01, 3.01, 7, 1e4];
    const [far, flat] = spline.forward(column(outside), parametersOf(outside.length));
    expect([...taken(far)]).toEqual(outside.map(Math.fround));
    expect([...taken(flat)]).toEqual(outside.map(() => 0));
  });

  it('maps the interval onto itself, rising and without a jump of value or slope', () => {
    const n = 6001;
    const xs = Array.from({ length: n }, (_, i) => -3 + (6 * i) / (n - 1));
    const [z, logSlope] = spline.forward(column(xs), parametersOf(n));
    const [values, slopes] = [taken(z), taken(logSlope).map(Math.exp)];
    expect(values[0]).toBeCloseTo(-3, 5);
    expect(values[n - 1]).toBeCloseTo(3, 5);
    expect([slopes[0], slopes[n - 1]].map((slope) => Math.abs(slope! - 1) < 1e-3)).toEqual([true, true]);
    for (let i = 1; i < n; i++) {
      const rise = (values[i]! - values[i - 1]!) / (xs[i]! - xs[i - 1]!);
      expect(rise).toBeGreaterThan(0);
      // The mean of the slopes at both ends, as for any smooth curve.
      expect(Math.abs(rise - (slopes[i]! + slopes[i - 1]!) / 2)).toBeLessThan(0.02 * rise + 2e-3);
    }
  });

  it.each([
    { ...config, bins: 1 },
    { ...config, bound: 0 },
    { ...config, parameterBound: -1 },
  ])('refuses %o', (wrong) => {
    expect(() => new RationalQuadratic(wrong)).toThrow(
      expect.objectContaining({ code: 'FLOWLINE_MODEL_INCOMPATIBLE' }),
    );
  });
});
