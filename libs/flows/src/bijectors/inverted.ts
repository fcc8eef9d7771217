import type * as tf from '@tensorflow/tfjs-core';

import type { Bijector, BijectorConfig, BijectorFactory, InverseCost } from '../bijector.ts';
import { ConfigReader, unexpected } from '../config.ts';
import type { NamedVariables } from '../parameter.ts';
import { checkValue } from '../options/check-options.ts';
import * as rules from '../options/config-rules.ts';

/** Configuration of an {@link Inverted}. */
export interface InvertedConfig extends BijectorConfig {
  readonly type: 'inverted';
  readonly bijector: BijectorConfig;
}

/**
 * The inverse of another bijector: forward and inverse are swapped. An inverted autoregressive map
 * is an inverse autoregressive flow, fast to sample and slow to score. Its parameters are those of
 * the inner bijector. A bijector that moves features cannot be inverted if features are missing.
 */
export class Inverted implements Bijector {
  readonly config: InvertedConfig;
  readonly inverseCost: InverseCost;
  readonly forwardCost: InverseCost;
  readonly variables: NamedVariables;
  readonly #other: Bijector;

  constructor(other: Bijector) {
    checkValue('inverted.bijector', other, rules.bijector);
    if (other.moveObserved !== undefined) {
      throw unexpected('inverted.bijector', other.config.type, 'a bijector that leaves features in their place');
    }
    this.#other = other;
    this.config = { type: 'inverted', bijector: other.config };
    this.inverseCost = other.forwardCost ?? 'parallel';
    this.forwardCost = other.inverseCost;
    this.variables = other.variables;
  }

  /** Builds one, with its inner bijector, from its JSON configuration. */
  static readonly fromConfig: BijectorFactory = (json, random, build) =>
    new Inverted(build(new ConfigReader(json, 'inverted').field('bijector'), random));

  forwardAndLogDet(x: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return this.#other.inverseAndLogDet(x, context, observed);
  }

  inverseAndLogDet(z: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return this.#other.forwardAndLogDet(z, context, observed);
  }

  dispose(): void {
    this.#other.dispose();
  }
}
