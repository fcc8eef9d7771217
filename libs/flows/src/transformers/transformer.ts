import type * as tf from '@tensorflow/tfjs-core';

import type { TypedConfig } from '../config.ts';

/** Parameters that a conditioner computed for m features of n rows. */
export interface TransformerParameters {
  /** i-th parameter of every feature, [n × m]. */
  part(i: number): tf.Tensor2D;
  /** All parameters of every feature, [n × m × p]. */
  all(): tf.Tensor3D;
}

/**
 * An increasing map of one feature, which couplings and autoregressive maps apply to each
 * transformed feature. A conditioner computes its parameters per row. Parameters that are all 0
 * give the identity or a map close to it.
 */
export interface Transformer {
  readonly config: TypedConfig;
  /** p, number of parameters per feature. */
  readonly parametersPerFeature: number;
  readonly inverseCost: 'parallel' | 'iterative';
  /**
   * True if all-zero parameters leave a feature exactly as it is, at next to no cost. A coupling
   * then passes all features through, with zeros for the conditioning ones, rather than splitting
   * and merging them.
   */
  readonly passesAtZero: boolean;
  /** x [n × m] and its parameters → z and log ∂z/∂x, both [n × m]. */
  forward(x: tf.Tensor2D, parameters: TransformerParameters): [z: tf.Tensor2D, logSlope: tf.Tensor2D];
  /** z [n × m] and its parameters → x and log ∂x/∂z, both [n × m]. */
  inverse(z: tf.Tensor2D, parameters: TransformerParameters): [x: tf.Tensor2D, logSlope: tf.Tensor2D];
}
