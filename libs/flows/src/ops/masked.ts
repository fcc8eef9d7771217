import * as tf from '@tensorflow/tfjs-core';

/** values ⊙ mask, or values if there is no mask. The mask has the shape of values. */
export function masked(values: tf.Tensor2D, mask: tf.Tensor2D | undefined): tf.Tensor2D {
  return mask === undefined ? values : tf.mul(values, mask);
}
