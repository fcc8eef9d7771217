import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from '../backend.ts';
import { expectClose } from '../testing/expect-parity.ts';
import { normalRows, taken } from '../testing/mathematics.ts';
import { patches, spread } from './patches.ts';

beforeAll(() => initBackend('wasm'));

const [c, h, w, n] = [2, 3, 4, 2];
const images = () => tf.reshape<tf.Rank.R4>(normalRows(c * h * w, n, 1), [c, h, w, n]);
const neighbours = () => tf.reshape<tf.Rank.R4>(normalRows(9 * c * h * w, n, 2), [9 * c, h, w, n]);

describe('patches', () => {
  it('are the neighbours of every pixel, zeros beyond the border', () => {
    const x = images();
    const [values, found] = [x.arraySync(), patches(x).arraySync()];
    for (let k = 0; k < 9 * c; k++) {
      const [offset, channel] = [Math.floor(k / c), k % c];
      for (let i = 0; i < h; i++) {
        for (let j = 0; j < w; j++) {
          const neighbour = values[channel]![i + Math.floor(offset / 3) - 1]?.[j + (offset % 3) - 1];
          expect(found[k]![i]![j]).toEqual(neighbour ?? [0, 0]);
        }
      }
    }
  });

  it('and spread are adjoint: ⟨patches x, y⟩ = ⟨x, spread y⟩', () => {
    const [x, y] = [images(), neighbours()];
    const [left, right] = [tf.sum(tf.mul(patches(x), y)), tf.sum(tf.mul(x, spread(y)))].map(taken);
    expect(left![0]).toBeCloseTo(right![0]!, 4);
  });

  it('have gradients that are one another, as both are linear', () => {
    const [x, y] = [images(), neighbours()];
    const ofX = tf.grad((at: tf.Tensor) => tf.sum(tf.mul(patches(tf.reshape(at, x.shape)), y)));
    const ofY = tf.grad((at: tf.Tensor) => tf.sum(tf.mul(spread(tf.reshape(at, y.shape)), x)));
    expectClose(taken(ofX(x)), [...taken(spread(y))]);
    expectClose(taken(ofY(y)), [...taken(patches(x))]);
  });
});
