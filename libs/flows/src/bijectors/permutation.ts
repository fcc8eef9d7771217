import * as tf from '@tensorflow/tfjs-core';

import type { Bijector, BijectorConfig } from '../bijector.ts';
import { ConfigReader, unexpected } from '../config.ts';
import { columnScatter, columnSelection } from '../ops/linear-map.ts';
import type { LinearMap } from '../ops/linear-map.ts';
import type { NamedVariables } from '../parameter.ts';
import { checkOptions } from '../options/check-options.ts';
import * as rules from '../options/config-rules.ts';

/** Configuration of a {@link Permutation}. */
export interface PermutationConfig extends BijectorConfig {
  readonly type: 'permutation';
  /** z_i = x_{order[i]}: each feature once. */
  readonly order: readonly number[];
}

/** A fixed permutation of the features: z_i = x_{order[i]}, log|det| = 0. */
export class Permutation implements Bijector {
  readonly config: PermutationConfig;
  readonly inverseCost = 'parallel';
  readonly variables: NamedVariables = new Map();
  readonly #forward: LinearMap;
  readonly #inverse: LinearMap;

  constructor(config: PermutationConfig) {
    checkOptions<PermutationConfig>('permutation', config, { type: rules.tag('permutation'), order: rules.indices });
    this.config = config;
    const { order } = config;
    const sorted = [...order].sort((a, b) => a - b);
    if (order.length === 0 || sorted.some((index, i) => index !== i)) {
      throw unexpected('permutation.order', order, 'each of 0 … d − 1 once');
    }
    this.#forward = columnSelection(order.length, order);
    this.#inverse = columnScatter(order.length, 0, order.length, order);
  }

  /** Builds one from its JSON configuration. */
  static readonly fromConfig = (json: unknown): Permutation => {
    return new Permutation({ type: 'permutation', order: new ConfigReader(json, 'permutation').integers('order') });
  };

  forwardAndLogDet(x: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return [this.#forward.apply(x), tf.zeros<tf.Rank.R1>([x.shape[0]])];
  }

  inverseAndLogDet(z: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return [this.#inverse.apply(z), tf.zeros<tf.Rank.R1>([z.shape[0]])];
  }

  moveObserved(observed: tf.Tensor2D): tf.Tensor2D {
    return this.#forward.apply(observed);
  }

  dispose(): void {
    this.#forward.dispose();
    this.#inverse.dispose();
  }
}
