import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from '../backend.ts';
import { Random } from '../random.ts';
import { normalRows, taken } from '../testing/mathematics.ts';
import { Planar } from './planar.ts';
import { Radial } from './radial.ts';

beforeAll(() => initBackend('wasm'));

const net = { hidden: [], activation: 'relu', residual: false } as const;
const planarOf = (w: readonly number[], u: readonly number[], b: number) => {
  const config = { type: 'planar', features: w.length, context: 0, leastSlope: 0.05, net } as const;
  const map = new Planar(config, new Random(1));
  Object.entries({ w, u, b: [b] }).forEach(([name, value]) =>
    map.variables.get(name)!.assign(Float32Array.from(value)),
  );
  return map;
};

const degenerate: readonly [name: string, w: number[], u: number[], b: number][] = [
  ['w = 0', [0, 0], [1, -2], 0.3],
  ['w tiny', [1e-9, -1e-9], [1, 2], 0.3],
  ['u = 0', [1, 2], [0, 0], -0.4],
  ['w·u far below −1, where û holds it back', [3, 0], [-40, 1], 0],
  ['w·u large', [3, 1], [30, 1], 0.5],
  ['u across w', [1, 0], [0, 5], 1],
  ['w large', [200, -100], [0.1, 0.3], 2],
];

describe('Planar', () => {
  it.each(degenerate)('comes back from both sides: %s', (_name, w, u, b) => {
    const map = planarOf(w, u, b);
    const x = tf.concat([normalRows(30, 2, 1), tf.zeros<tf.Rank.R2>([1, 2])]);
    const [z, logDet] = map.forwardAndLogDet(x);
    const [back, inverseLogDet] = map.inverseAndLogDet(z);
    const largest = Math.max(...taken(tf.sub(back, x)).map(Math.abs));
    expect(largest / Math.max(1, ...z.dataSync().map(Math.abs))).toBeLessThan(1e-5);
    const [forward, inverse] = [taken(logDet), taken(inverseLogDet)];
    forward.forEach((value, i) => {
      expect(Number.isFinite(value)).toBe(true);
      expect(Math.abs(value + inverse[i]!)).toBeLessThan(1e-3);
    });
  });

  it('contracts along w by no more than leastSlope', () => {
    const [, logDet] = planarOf([3, 0], [-40, 1], 0).forwardAndLogDet(tf.tensor2d([[0, 0]]));
    expect(taken(logDet)[0]).toBeCloseTo(Math.log(0.05), 4);
  });

  it('refuses a least slope of 1', () => {
    const config = { type: 'planar', features: 2, context: 0, leastSlope: 1, net } as const;
    expect(() => new Planar(config, new Random(1))).toThrow(
      expect.objectContaining({ code: 'FLOWLINE_MODEL_INCOMPATIBLE', where: 'planar.leastSlope' }),
    );
  });
});

describe('Radial', () => {
  it('is finite at its own centre, with gradients', () => {
    const map = new Radial({ type: 'radial', features: 2, context: 0, net }, new Random(1));
    map.variables.get('betaRaw')!.assign(Float32Array.from([1]));
    const center = tf.tensor2d(map.variables.get('center')!.read(), [1, 2]);
    const gradient = tf.grad((x) => tf.sum(map.forwardAndLogDet(tf.reshape(x, [1, 2]))[1]))(center);
    expect(taken(gradient).every((value) => Number.isFinite(value))).toBe(true);
    expect(taken(tf.sub(map.inverseAndLogDet(center)[0], center)).every((value) => value === 0)).toBe(true);
  });
});
