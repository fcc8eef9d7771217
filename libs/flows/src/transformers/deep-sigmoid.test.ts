import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from '../backend.ts';
import { expectClose } from '../testing/expect-parity.ts';
import { normalRows, taken } from '../testing/mathematics.ts';
import { featureMajor } from './parameters.ts';
import { DeepSigmoid } from './deep-sigmoid.ts';

beforeAll(() => initBackend('wasm'));

describe('DeepSigmoid', () => {
  const transformer = new DeepSigmoid({ type: 'deepSigmoid', units: 3, scale: { kind: 'tanh', bound: 2 }, spread: 1 });

  it('comes back from the far tails', () => {
    const parameters = featureMajor(tf.reshape<tf.Rank.R3>(normalRows(9, 9, 1, 3), [9, 1, 9]));
    const x = tf.tensor2d([-1e6, -1e4, -100, -1, 0, 1, 100, 1e4, 1e6], [9, 1]);
    const back = taken(transformer.inverse(transformer.forward(x, parameters)[0], parameters)[0]);
    x.dataSync().forEach((value, i) =>
      expect(Math.abs(back[i]! - value) / Math.max(1, Math.abs(value))).toBeLessThan(1e-5),
    );
  });

  it('is the logit of a mixture of sigmoids', () => {
    const parameters = featureMajor(tf.tensor3d([0.3, -0.2, 0.5, 0.1, -0.4, 0.7, 0.2, 0, -0.6], [1, 1, 9]));
    const sigmoid = (u: number) => 1 / (1 + Math.exp(-u));
    const weights = [0.2, 0, -0.6].map(Math.exp);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const at = (x: number) => {
      const p = [0.3, -0.2, 0.5].reduce((sum, raw, k) => {
        const u = Math.exp(2 * Math.tanh(raw / 2)) * x + [0.1, -0.4, 0.7][k]! + (k - 1);
        return sum + (weights[k]! / total) * sigmoid(u);
      }, 0);
      return Math.log(p / (1 - p));
    };
    const [z, logSlope] = transformer.forward(tf.tensor2d([[0.8]]), parameters);
    expectClose(taken(z), [at(0.8)]);
    expectClose(taken(logSlope), [Math.log((at(0.8 + 1e-5) - at(0.8 - 1e-5)) / 2e-5)]);
  });
});
