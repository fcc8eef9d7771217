import type * as tf from '@tensorflow/tfjs-core';

import type { NamedVariables } from '../parameter.ts';

/**
 * Network that computes the parameters of a bijector: inputs [n × k] and context [n × c] → [n ×
 * outputs].
 */
export interface Conditioner {
  readonly outputs: number;
  apply(inputs: tf.Tensor2D, context?: tf.Tensor2D): tf.Tensor2D;
  readonly variables: NamedVariables;
  dispose(): void;
}
