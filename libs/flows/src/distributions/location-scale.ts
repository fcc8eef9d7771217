import * as tf from '@tensorflow/tfjs-core';

import { Parameter } from '../parameter.ts';

/**
 * A trainable location and log-scale per feature, `location` [d] and `logScale` [d], initially 0:
 * z = location + exp(logScale) ⊙ y.
 */
export class LocationScale {
  readonly variables: ReadonlyMap<string, Parameter>;
  readonly #location: Parameter<tf.Rank.R1>;
  readonly #logScale: Parameter<tf.Rank.R1>;

  constructor(features: number) {
    this.#location = Parameter.zeros<tf.Rank.R1>([features]);
    this.#logScale = Parameter.zeros<tf.Rank.R1>([features]);
    this.variables = new Map<string, Parameter>([
      ['location', this.#location],
      ['logScale', this.#logScale],
    ]);
  }

  /** y, and the log-scale to subtract from log p of y. */
  standardised(z: tf.Tensor2D): { y: tf.Tensor2D; logScale: tf.Tensor1D } {
    const logScale = this.#logScale.value;
    return { y: tf.mul(tf.sub(z, this.#location.value), tf.exp(tf.neg(logScale))), logScale };
  }

  /** z for the given y. */
  placed(y: tf.Tensor2D): tf.Tensor2D {
    return tf.add(tf.mul(y, tf.exp(this.#logScale.value)), this.#location.value);
  }

  dispose(): void {
    for (const parameter of this.variables.values()) parameter.dispose();
  }
}
