import type * as tf from '@tensorflow/tfjs-core';

import type { TypedConfig } from '../config.ts';

/** The parameters that a conditioner computed for m features of n rows. */
export interface TransformerParameters {
  /** The i-th parameter of every feature, [n × m]. */
  part(i: number): tf.Tensor2D;
  /** All parameters of every feature, [n × m × p]. */
  all(): tf.Tensor3D;
}

/**
 * An increasing map of one feature, whose parameters a conditioner computes for every row: what couplings and autoregressive maps apply
 * to each feature they transform. Parameters that are all 0 give the identity or a map near it.
 */
export interface Transformer {
  readonly config: TypedConfig;
  /** p, the number of parameters per feature. */
  readonly parametersPerFeature: number;
  readonly inverseCost: 'parallel' | 'iterative';
  /**
   * Parameters that are all 0 leave a feature exactly as it is, at next to no cost: a coupling then passes all features through, those
   * that condition with zeros, rather than take them apart and put them together again.
   */
  readonly passesAtZero: boolean;
  /** x [n × m] and its parameters → z and log ∂z/∂x, both [n × m]. */
  forward(x: tf.Tensor2D, parameters: TransformerParameters): [z: tf.Tensor2D, logSlope: tf.Tensor2D];
  /** z [n × m] and its parameters → x and log ∂x/∂z, both [n × m]. */
  inverse(z: tf.Tensor2D, parameters: TransformerParameters): [x: tf.Tensor2D, logSlope: tf.Tensor2D];
}
