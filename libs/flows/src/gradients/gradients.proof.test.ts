import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from '../backend.ts';
import { Random } from '../random.ts';

type Op = (x: tf.Tensor2D) => tf.Tensor;

const other = [
  [0.3, -1.2, 0.8],
  [1.1, 0.4, -0.6],
];
const square = [
  [0.5, -0.2, 0.1],
  [0.3, 0.9, -0.7],
  [-0.4, 0.2, 0.6],
];

/** Every op, with inputs where it is smooth. */
const table: readonly [name: string, op: Op, positive?: boolean][] = [
  ['add, broadcast row', (x) => tf.mul(tf.add(tf.ones([2, 3]), tf.slice(x, [0, 0], [1, 3])), other)],
  ['sub, broadcast scalar', (x) => tf.sub(other, tf.reshape(tf.slice(x, [0, 1], [1, 1]), []))],
  ['mul, broadcast column', (x) => tf.mul(tf.slice(x, [0, 1], [2, 1]), other)],
  ['div', (x) => tf.div(other, x), true],
  ['div numerator', (x) => tf.div(x, tf.add(tf.square(other), 1))],
  ['squaredDifference', (x) => tf.squaredDifference(x, other)],
  ['maximum', (x) => tf.maximum(x, other)],
  ['minimum', (x) => tf.minimum(other, x)],
  ['pow', (x) => tf.pow(x, 2.5), true],
  ['pow exponent', (x) => tf.pow([[0.5, 2, 3]], x)],
  ['addN', (x) => tf.addN([x, tf.square(x), tf.tensor2d(other)])],
  ['where', (x) => tf.where(tf.greater(x, 0), tf.square(x), tf.mul(3, x))],
  ['clipByValue', (x) => tf.clipByValue(x, -0.5, 0.5)],
  ['leakyRelu', (x) => tf.leakyRelu(x, 0.1)],
  ['neg', (x) => tf.neg(x)],
  ['abs', (x) => tf.abs(x)],
  ['square', (x) => tf.square(x)],
  ['log', (x) => tf.log(x), true],
  ['log1p', (x) => tf.log1p(x), true],
  ['expm1', (x) => tf.expm1(x)],
  ['relu', (x) => tf.relu(x)],
  ['softplus', (x) => tf.softplus(x)],
  ['logSigmoid', (x) => tf.logSigmoid(x)],
  ['sin', (x) => tf.sin(x)],
  ['cos', (x) => tf.cos(x)],
  ['atan', (x) => tf.atan(x)],
  ['asinh', (x) => tf.asinh(x)],
  ['erf', (x) => tf.erf(x)],
  ['exp', (x) => tf.exp(x)],
  ['sqrt', (x) => tf.sqrt(x), true],
  ['rsqrt', (x) => tf.rsqrt(x), true],
  ['reciprocal', (x) => tf.reciprocal(x), true],
  ['sigmoid', (x) => tf.sigmoid(x)],
  ['tanh', (x) => tf.tanh(x)],
  ['elu', (x) => tf.elu(x)],
  ['matMul', (x) => tf.matMul(x, square)],
  ['matMul right', (x) => tf.matMul(square, tf.transpose(x))],
  ['matMul, both transposed', (x) => tf.matMul(x, tf.tensor2d(other), true, false)],
  ['matMul, right transposed', (x) => tf.matMul(tf.tensor2d(other), x, false, true)],
  ['matMul, left transposed', (x) => tf.matMul(tf.transpose(x), tf.tensor2d(square), true, true)],
  [
    'batched matMul',
    (x) => tf.matMul(tf.tile(tf.reshape(x, [1, 2, 3]), [2, 1, 1]), tf.tile(tf.reshape(square, [1, 3, 3]), [2, 1, 1])),
  ],
  ['sum axis 0', (x) => tf.sum(tf.square(x), 0)],
  ['sum axis 1', (x) => tf.sum(tf.square(x), 1, true)],
  ['mean', (x) => tf.mean(tf.square(x), 1)],
  ['max', (x) => tf.max(x, 1)],
  ['logSumExp', (x) => tf.logSumExp(x, 1)],
  ['softmax', (x) => tf.softmax(x)],
  ['logSoftmax', (x) => tf.logSoftmax(x)],
  ['cumsum', (x) => tf.cumsum(x, 1)],
  ['cumsum exclusive reverse', (x) => tf.cumsum(x, 1, true, true)],
  ['slice', (x) => tf.slice(x, [0, 1], [2, 2])],
  [
    'pad',
    (x) =>
      tf.pad(x, [
        [1, 0],
        [0, 2],
      ]),
  ],
  ['concat', (x) => tf.concat([x, tf.square(x), tf.tensor2d(other)], 1)],
  ['concat axis 0', (x) => tf.concat([tf.square(x), x], 0)],
  ['stack', (x) => tf.stack([x, tf.square(x)], 1)],
  ['unstack', (x) => tf.mul(tf.unstack(x, 1)[2]!, tf.unstack(x, 1)[0]!)],
  ['split', (x) => tf.mul(tf.split(x, [1, 2], 1)[1]!, tf.split(x, 3, 1)[0]!)],
  ['tile', (x) => tf.tile(x, [2, 3])],
  ['gather columns', (x) => tf.gather(x, tf.tensor1d([2, 0, 2, 1], 'int32'), 1)],
  ['gather rows', (x) => tf.gather(x, tf.tensor1d([1, 1, 0], 'int32'))],
  ['transpose', (x) => tf.transpose(tf.reshape(x, [1, 2, 3]), [2, 0, 1])],
  ['reverse', (x) => tf.reverse(x, 1)],
  ['expandDims', (x) => tf.expandDims(x, 1)],
];

describe.each(['wasm', 'cpu'] as const)('gradients on %s', (backend) => {
  beforeAll(() => initBackend(backend));
  afterAll(() => initBackend('wasm'));

  it.each(table)('%s equals finite differences', (_name, op, positive = false) => {
    const random = new Random(5);
    const at = Float32Array.from({ length: 6 }, () => (positive ? 0.5 + random.uniform() : 2 * random.uniform() - 1));
    // Random weights for the outputs: a gradient that mixes up entries cannot pass.
    const weighted = (values: Float32Array) =>
      tf.tidy(() => {
        const y = op(tf.tensor2d(values, [2, 3]));
        return tf.sum(tf.mul(y, tf.reshape(tf.tensor1d(new Random(6).normals(y.size)), y.shape))).dataSync()[0]!;
      });
    const gradient = tf.tidy(() => {
      const weights = (y: tf.Tensor) => tf.reshape(tf.tensor1d(new Random(6).normals(y.size)), y.shape);
      return tf
        .grad((x) => {
          const y = op(tf.reshape(x, [2, 3]));
          return tf.sum(tf.mul(y, weights(y)));
        })(tf.tensor2d(at, [2, 3]))
        .dataSync();
    });
    const step = 1e-2;
    at.forEach((_, i) => {
      const moved = (by: number) => weighted(at.map((x, j) => (i === j ? x + by : x)));
      // Richardson: the error of the central difference is O(step⁴).
      const numeric = (8 * (moved(step / 2) - moved(-step / 2)) - (moved(step) - moved(-step))) / (6 * step);
      expect(Math.abs(gradient[i]! - numeric)).toBeLessThan(2e-3 * Math.max(1, Math.abs(numeric)));
    });
  });
});
