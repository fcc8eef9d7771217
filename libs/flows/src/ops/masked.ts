import * as tf from '@tensorflow/tfjs-core';

/** values ⊙ mask, or the values where there is no mask. The mask has their shape. */
export function masked(values: tf.Tensor2D, mask: tf.Tensor2D | undefined): tf.Tensor2D {
  return mask === undefined ? values : tf.mul(values, mask);
}
