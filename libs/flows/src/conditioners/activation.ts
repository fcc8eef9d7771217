import * as tf from '@tensorflow/tfjs-core';

/** Activations of hidden layers. The derivative of each is a function of its output. */
export const activations = ['relu', 'leakyRelu', 'tanh', 'sigmoid', 'elu'] as const;
/** An activation by name. leakyRelu has slope 0.01 below 0. */
export type Activation = (typeof activations)[number];

const LEAKY_SLOPE = 0.01;

/** f(x); `linear` is x. */
export function activate(activation: Activation | 'linear', x: tf.Tensor2D): tf.Tensor2D {
  switch (activation) {
    case 'linear':
      return x;
    case 'relu':
      return tf.relu(x);
    case 'leakyRelu':
      return tf.leakyRelu(x, LEAKY_SLOPE);
    case 'tanh':
      // 2σ(2x) − 1: on wasm sigmoid is vectorised, tanh is not.
      return tf.sub(tf.mul(tf.sigmoid(tf.mul(x, 2)), 2), 1);
    case 'sigmoid':
      return tf.sigmoid(x);
    case 'elu':
      return tf.elu(x);
  }
}

/** f′(x), from y = f(x); not for `linear`. */
export function derivativeAt(activation: Activation, y: tf.Tensor): tf.Tensor {
  switch (activation) {
    case 'relu':
      return tf.step(y);
    case 'leakyRelu':
      return tf.step(y, LEAKY_SLOPE);
    case 'tanh':
      return tf.sub(1, tf.square(y));
    case 'sigmoid':
      return tf.mul(y, tf.sub(1, y));
    case 'elu':
      return tf.add(tf.minimum(y, 0), 1);
  }
}
