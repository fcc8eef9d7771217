import * as tf from '@tensorflow/tfjs-core';

import { at } from '../at.ts';
import { ConfigReader } from '../config.ts';
import { Parameter } from '../parameter.ts';
import type { Random } from '../random.ts';
import type { Distribution } from './distribution.ts';
import { checkOptions, checkValue } from '../options/check-options.ts';
import * as rules from '../options/config-rules.ts';
import { required, whole } from '../options/rules.ts';

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);

/** Configuration of a {@link GaussianMixture}. */
export interface GaussianMixtureConfig {
  readonly type: 'gaussianMixture';
  readonly features: number;
  /** K, the number of components. */
  readonly components: number;
}

/**
 * A trainable mixture of K normals with diagonal covariances:
 * log p(z) = log Σ_k w_k·Π_j N(z_j; mean_kj, exp(logScale_kj)²), where w is the softmax of the
 * logits. It suits data with separate modes, which a continuous map of a single normal cannot
 * represent. Initially the weights are equal, the scales 1, and the means drawn from a standard
 * normal. Parameters: `logits` [K], `means` [K × d], `logScales` [K × d].
 *
 * ```ts
 * await initBackend('wasm');
 * const base = new GaussianMixture({ type: 'gaussianMixture', features: 2, components: 8 }, new Random(1));
 * const flow = neuralSpline({ features: 2, base, seed: 1 });
 * ```
 */
export class GaussianMixture implements Distribution {
  readonly config: GaussianMixtureConfig;
  readonly variables: ReadonlyMap<string, Parameter>;
  readonly #logits: Parameter<tf.Rank.R1>;
  readonly #means: Parameter<tf.Rank.R2>;
  readonly #logScales: Parameter<tf.Rank.R2>;

  constructor(config: GaussianMixtureConfig, random: Random) {
    checkOptions<GaussianMixtureConfig>('gaussianMixture', config, {
      type: rules.tag('gaussianMixture'),
      features: rules.features,
      components: required(whole(1)),
    });
    checkValue('gaussianMixture.random', random, rules.generator);
    this.config = config;
    const { features, components } = config;
    this.#logits = Parameter.zeros<tf.Rank.R1>([components]);
    this.#means = new Parameter<tf.Rank.R2>([components, features], random.normals(components * features));
    this.#logScales = Parameter.zeros<tf.Rank.R2>([components, features]);
    this.variables = new Map<string, Parameter>([
      ['logits', this.#logits],
      ['means', this.#means],
      ['logScales', this.#logScales],
    ]);
  }

  /** Builds one from its JSON configuration. */
  static readonly fromConfig = (json: unknown, random: Random): GaussianMixture => {
    const reader = new ConfigReader(json, 'gaussianMixture');
    const config: GaussianMixtureConfig = {
      type: 'gaussianMixture',
      features: reader.integer('features', 1),
      components: reader.integer('components', 1),
    };
    return new GaussianMixture(config, random);
  };

  logProb(z: tf.Tensor2D, _context?: tf.Tensor2D, observed?: tf.Tensor2D): tf.Tensor1D {
    return tf.tidy(() => {
      const logScales = this.#logScales.value;
      const y = tf.mul(tf.sub(tf.expandDims(z, 1), this.#means.value), tf.exp(tf.neg(logScales)));
      const terms = tf.add(tf.mul(tf.square(y), 0.5), tf.add(logScales, HALF_LOG_TWO_PI));
      const counted = observed === undefined ? terms : tf.mul(terms, tf.expandDims(observed, 1));
      const logits = this.#logits.value;
      const logWeights = tf.sub(logits, tf.logSumExp(logits));
      return tf.logSumExp<tf.Tensor1D>(tf.sub(logWeights, tf.sum(counted, 2)), 1);
    });
  }

  sample(n: number, random: Random): tf.Tensor2D {
    const { features } = this.config;
    const [logits, means, logScales] = [this.#logits.read(), this.#means.read(), this.#logScales.read()];
    const top = Math.max(...logits);
    const weights = Array.from(logits, (logit) => Math.exp(logit - top));
    const z = new Float32Array(n * features);
    for (let i = 0; i < n; i++) {
      const from = features * drawn(weights, random);
      for (let j = 0; j < features; j++) {
        z[i * features + j] = at(means, from + j) + Math.exp(at(logScales, from + j)) * random.normal();
      }
    }
    return tf.tensor2d(z, [n, features]);
  }

  dispose(): void {
    for (const parameter of this.variables.values()) parameter.dispose();
  }
}

/** Index drawn in proportion to the weights. */
function drawn(weights: readonly number[], random: Random): number {
  let left = random.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
  const index = weights.findIndex((weight) => (left -= weight) < 0);
  return index < 0 ? weights.length - 1 : index;
}
