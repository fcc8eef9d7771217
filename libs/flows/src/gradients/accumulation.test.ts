import { beforeAll, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from '../backend.ts';

beforeAll(() => initBackend('wasm'));

it('adds up the gradients of a term that enters several sums', () => {
  const gradient = tf.grad((x) => {
    const [twice, thrice] = [tf.mul(x, 2), tf.mul(x, 3)];
    return tf.sum(tf.add(twice, tf.add(thrice, tf.add(twice, thrice))));
  })(tf.tensor1d([1, 2]));
  expect([...gradient.dataSync()]).toEqual([10, 10]);
  const backwards = tf.grad((x) => {
    const [twice, thrice] = [tf.mul(x, 2), tf.mul(x, 3)];
    return tf.sum(tf.add(tf.add(tf.add(twice, thrice), thrice), twice));
  })(tf.tensor1d([1, 2]));
  expect([...backwards.dataSync()]).toEqual([10, 10]);
});
