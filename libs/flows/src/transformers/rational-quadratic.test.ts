import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from '../backend.ts';
import { Random } from '../random.ts';
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
    const rough = xs.slice(1).filter((x, i) => {
      const rise = (values[i + 1]! - values[i]!) / (x - xs[i]!);
      // Mean of the slopes at both ends, as for any smooth curve.
      const mean = (slopes[i]! + slopes[i + 1]!) / 2;
      return !(rise > 0 && Math.abs(rise - mean) < 0.02 * rise + 2e-3);
    });
    expect(rough).toEqual([]);
  });

  it.each([null, 3])('has the gradients of central differences, raw parameters bounded by %p', (parameterBound) => {
    const bounded = new RationalQuadratic({ ...config, parameterBound });
    const p = bounded.parametersPerFeature;
    const xs = [-4, -2.6, -1.1, 0.35, 1.9, 2.8];
    const raw = new Random(3).normals(xs.length * p);
    const weights = new Random(4).normals(2 * xs.length);
    // Scalar function of z and log ∂z/∂x of every entry, in float64.
    const loss = (x: readonly number[], parameters: Float32Array) => {
      const [z, logSlope] = bounded.forward(column(x), featureMajor(tf.tensor3d(parameters, [xs.length, 1, p])));
      return [...taken(z), ...taken(logSlope)].reduce((sum, value, i) => sum + value * weights[i]!, 0);
    };
    const [dx, dParameters] = tf.grads((x: tf.Tensor, parameters: tf.Tensor) => {
      const [z, logSlope] = bounded.forward(x as tf.Tensor2D, featureMajor(parameters as tf.Tensor3D));
      return tf.sum(tf.mul(tf.concat([z, logSlope], 0), tf.tensor2d(weights, [2 * xs.length, 1])));
    })([column(xs), tf.tensor3d(raw, [xs.length, 1, p])]);
    const step = 2e-3;
    const moved = <T extends readonly number[] | Float32Array>(values: T, at: number, by: number) =>
      values.map((value, i) => (i === at ? value + by : value)) as unknown as T;
    taken(dx!).forEach((found, i) => {
      const difference = loss(moved(xs, i, step), raw) - loss(moved(xs, i, -step), raw);
      expect(Math.abs(found - difference / (2 * step))).toBeLessThan(2e-3 * (1 + Math.abs(found)));
    });
    const found = taken(dParameters!);
    found.forEach((derivative, i) => {
      const difference = loss(xs, moved(raw, i, step)) - loss(xs, moved(raw, i, -step));
      expect(Math.abs(derivative - difference / (2 * step))).toBeLessThan(2e-3 * (1 + Math.abs(derivative)));
    });
    expect(found.filter((derivative) => derivative !== 0).length).toBeGreaterThan(
      (xs.length - 1) * 2 * config.bins - 1,
    );
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
