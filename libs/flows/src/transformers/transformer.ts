import type * as tf from '@tensorflow/tfjs-core';

import type { TypedConfig } from '../config.ts';

/**
 * An increasing map of one feature, whose parameters a conditioner computes for every row: what couplings and autoregressive maps apply
 * to each feature they transform. Parameters that are all 0 give the identity or a map near it.
 */
export interface Transformer {
  readonly config: TypedConfig;
  /** p, the number of parameters per feature. */
  readonly parametersPerFeature: number;
  readonly inverseCost: 'parallel' | 'iterative';
  /** x [n × m] and parameters [n × m × p] → z and log ∂z/∂x, both [n × m]. */
  forward(x: tf.Tensor2D, parameters: tf.Tensor3D): [z: tf.Tensor2D, logSlope: tf.Tensor2D];
  /** z [n × m] and parameters [n × m × p] → x and log ∂x/∂z, both [n × m]. */
  inverse(z: tf.Tensor2D, parameters: tf.Tensor3D): [x: tf.Tensor2D, logSlope: tf.Tensor2D];
}
