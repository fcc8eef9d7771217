import * as tf from '@tensorflow/tfjs-core';

import type { Bijector, BijectorConfig } from '../bijector.ts';
import { ConfigReader } from '../config.ts';
import { Parameter } from '../parameter.ts';
import { checkOptions } from '../options/check-options.ts';
import * as rules from '../options/config-rules.ts';

/** Configuration of an {@link ElementWiseAffine}. */
export interface ElementWiseAffineConfig extends BijectorConfig {
  readonly type: 'elementWiseAffine';
  readonly features: number;
}

/**
 * A trainable scale and shift per feature: z = x ⊙ exp(s) + t, log|det ∂z/∂x| = Σ s; inverse
 * x = (z − t) ⊙ exp(−s). Initially the identity. Parameters: `logScale` [d], `shift` [d].
 */
export class ElementWiseAffine implements Bijector {
  readonly config: ElementWiseAffineConfig;
  readonly inverseCost = 'parallel';
  readonly variables: ReadonlyMap<string, Parameter>;
  readonly #logScale: Parameter<tf.Rank.R1>;
  readonly #shift: Parameter<tf.Rank.R1>;

  constructor(config: ElementWiseAffineConfig) {
    checkOptions<ElementWiseAffineConfig>('elementWiseAffine', config, {
      type: rules.tag('elementWiseAffine'),
      features: rules.features,
    });
    this.config = config;
    this.#logScale = Parameter.zeros<tf.Rank.R1>([config.features]);
    this.#shift = Parameter.zeros<tf.Rank.R1>([config.features]);
    this.variables = new Map<string, Parameter>([
      ['logScale', this.#logScale],
      ['shift', this.#shift],
    ]);
  }

  /** Builds one from its JSON configuration. */
  static readonly fromConfig = (json: unknown): ElementWiseAffine => {
    const reader = new ConfigReader(json, 'elementWiseAffine');
    return new ElementWiseAffine({ type: 'elementWiseAffine', features: reader.integer('features', 1) });
  };

  forwardAndLogDet(x: tf.Tensor2D, _context?: tf.Tensor2D, observed?: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return tf.tidy(() => {
      const [s, t] = this.#scaleAndShift(x.shape[0], observed);
      return [tf.add(tf.mul(x, tf.exp(s)), t), tf.sum(s, 1)];
    });
  }

  inverseAndLogDet(z: tf.Tensor2D, _context?: tf.Tensor2D, observed?: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return tf.tidy(() => {
      const [s, t] = this.#scaleAndShift(z.shape[0], observed);
      const minusS: tf.Tensor2D = tf.neg(s);
      return [tf.mul(tf.sub(z, t), tf.exp(minusS)), tf.sum(minusS, 1)];
    });
  }

  /** s and t as [n × d], zero for missing features. */
  #scaleAndShift(rows: number, observed?: tf.Tensor2D): [s: tf.Tensor2D, t: tf.Tensor2D] {
    const mask = observed ?? tf.ones<tf.Rank.R2>([rows, this.config.features]);
    return [tf.mul(mask, this.#logScale.value), tf.mul(mask, this.#shift.value)];
  }

  dispose(): void {
    for (const parameter of this.variables.values()) parameter.dispose();
  }
}
