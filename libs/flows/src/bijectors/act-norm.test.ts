import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from '../backend.ts';
import { Random } from '../random.ts';
import { ActNorm } from './act-norm.ts';

beforeAll(() => initBackend('wasm'));

/** Two columns of standard normals and a constant one. */
function rowsOf(size: number, seed: number, constant: number) {
  const random = new Random(seed);
  const x = Float32Array.from({ length: 3 * size }, (_, k) => (k % 3 < 2 ? random.normal() : constant));
  return { x, size };
}

describe('ActNorm', () => {
  it('moves a constant feature to 0 and does not scale it; the others get mean 0 and standard deviation 1', () => {
    const actNorm = new ActNorm({ type: 'actNorm', features: 3, initialized: false });
    const { x, size } = rowsOf(500, 1, 300);
    const z = tf.tidy(() => actNorm.initialize(tf.tensor2d(x, [size, 3])).dataSync());
    const columns = [0, 1, 2].map((j) => Float64Array.from({ length: size }, (_, i) => z[3 * i + j]!));
    const moments = columns.map((values) => {
      const mean = values.reduce((sum, value) => sum + value / size, 0);
      return [mean, Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2 / size, 0))];
    });
    [
      [0, 1],
      [0, 1],
      [0, 0],
    ].forEach((expected, j) => expected.forEach((value, k) => expect(moments[j]![k]).toBeCloseTo(value, 4)));
    actNorm.dispose();
  });
});
