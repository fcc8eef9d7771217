import * as tf from '@tensorflow/tfjs-core';

import type { Bijector, BijectorConfig } from '../bijector.ts';
import { ContextualParameters } from '../conditioners/contextual-parameters.ts';
import type { MlpConfig } from '../conditioners/mlp.ts';
import { checkMlpConfig, readMlpConfig } from '../conditioners/mlp.ts';
import { ConfigReader } from '../config.ts';
import { masked } from '../ops/masked.ts';
import type { NamedVariables } from '../parameter.ts';
import type { Random } from '../random.ts';
import { checkOptions, checkValue } from '../options/check-options.ts';
import * as rules from '../options/config-rules.ts';

/** Minimum squared radius: the radius has no gradient at the centre itself. */
const LEAST_SQUARE = 1e-24;

/** Configuration of a {@link Radial}. */
export interface RadialConfig extends BijectorConfig {
  readonly type: 'radial';
  readonly features: number;
  readonly context: number;
  /** Network that adds a function of the context to the parameters. */
  readonly net: MlpConfig;
}

/**
 * Radial map (Rezende and Mohamed, 2015): z = x + β̂·h·(x − x₀) with h = 1 / (α + r), r = |x − x₀|,
 * α = softplus(alphaRaw) and β̂ = −α + γ, γ = softplus(betaRaw). The radius becomes
 * R = r·(r + γ) / (α + r).
 * log|det ∂z/∂x| = (d − 1)·log((r + γ) / (α + r)) + log((r² + 2αr + αγ) / (α + r)²), with positive
 * terms throughout. The inverse is in closed form: r is the positive root of
 * r² + (γ − R)·r − αR = 0.
 *
 * Parameters: `center` [d], `alphaRaw` [1], `betaRaw` [1]; initially the identity. Missing features
 * count neither in r nor in d.
 */
export class Radial implements Bijector {
  readonly config: RadialConfig;
  readonly inverseCost = 'parallel';
  readonly variables: NamedVariables;
  readonly #parameters: ContextualParameters<'center' | 'alphaRaw' | 'betaRaw'>;

  constructor(config: RadialConfig, random: Random) {
    checkOptions<RadialConfig>('radial', config, {
      type: rules.tag('radial'),
      features: rules.features,
      context: rules.context,
      net: rules.network,
    });
    checkMlpConfig('radial.net', config.net);
    checkValue('radial.random', random, rules.generator);
    this.config = config;
    const center = random.normals(config.features);
    const initial = { center, alphaRaw: new Float32Array(1), betaRaw: new Float32Array(1) };
    this.#parameters = new ContextualParameters(initial, config.context, config.net, random);
    this.variables = this.#parameters.variables;
  }

  /** Builds one from its JSON configuration. */
  static readonly fromConfig = (json: unknown, random: Random): Radial => {
    const reader = new ConfigReader(json, 'radial');
    const config: RadialConfig = {
      type: 'radial',
      features: reader.integer('features', 1),
      context: reader.integer('context'),
      net: readMlpConfig(reader.object('net')),
    };
    return new Radial(config, random);
  };

  forwardAndLogDet(x: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return tf.tidy(() => {
      const { center, alpha, gamma } = this.#at(context);
      const { offset, radius } = fromCenter(x, center, observed);
      const z: tf.Tensor2D = tf.add(x, tf.mul(offset, tf.div(tf.sub(gamma, alpha), tf.add(alpha, radius))));
      return [z, this.#logDet(radius, alpha, gamma, observed)];
    });
  }

  inverseAndLogDet(z: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return tf.tidy(() => {
      const { center, alpha, gamma } = this.#at(context);
      const { offset, radius: outer } = fromCenter(z, center, observed);
      const ahead = tf.sub(outer, gamma);
      const product = tf.mul(alpha, outer);
      const root = tf.sqrt(tf.add(tf.square(ahead), tf.mul(product, 4)));
      // The sum of |R − γ| and the root is free of cancellation. The other solution of the
      // quadratic follows from the product of the two, −αR.
      const larger = tf.mul<tf.Tensor2D>(tf.add(tf.abs(ahead), root), 0.5);
      const radius = tf.where(tf.greaterEqual(ahead, 0), larger, tf.div<tf.Tensor2D>(product, larger));
      const x: tf.Tensor2D = tf.sub(z, tf.mul(offset, tf.div(tf.sub(gamma, alpha), tf.add(radius, gamma))));
      return [x, tf.neg(this.#logDet(radius, alpha, gamma, observed))];
    });
  }

  #at(context?: tf.Tensor2D): { center: tf.Tensor2D; alpha: tf.Tensor2D; gamma: tf.Tensor2D } {
    const { center, alphaRaw, betaRaw } = this.#parameters.at(context);
    return { center, alpha: tf.softplus(alphaRaw), gamma: tf.softplus(betaRaw) };
  }

  #logDet(radius: tf.Tensor2D, alpha: tf.Tensor2D, gamma: tf.Tensor2D, observed?: tf.Tensor2D): tf.Tensor1D {
    const logOuter = tf.log(tf.add(alpha, radius));
    const tangential = tf.sub(tf.log(tf.add(radius, gamma)), logOuter);
    const twice = tf.mul(tf.mul(alpha, radius), 2);
    const slope = tf.log(tf.add(tf.add(tf.square(radius), twice), tf.mul(alpha, gamma)));
    const radial = tf.sub(slope, tf.mul(logOuter, 2));
    const dimensions = observed === undefined ? tf.scalar(this.config.features) : tf.sum(observed, 1, true);
    const total = tf.add(tf.mul(tangential, tf.sub(dimensions, 1)), radial);
    if (observed === undefined) return tf.squeeze<tf.Tensor1D>(total, [1]);
    // Without observed features there is no radius to change.
    return tf.squeeze<tf.Tensor1D>(tf.mul(total, tf.minimum(dimensions, 1)), [1]);
  }

  dispose(): void {
    this.#parameters.dispose();
  }
}

/** x − center and its length, over the observed features. */
function fromCenter(
  x: tf.Tensor2D,
  center: tf.Tensor2D,
  observed?: tf.Tensor2D,
): { offset: tf.Tensor2D; radius: tf.Tensor2D } {
  const offset = masked(tf.sub(x, center), observed);
  return { offset, radius: tf.sqrt(tf.maximum(tf.sum<tf.Tensor2D>(tf.square(offset), 1, true), LEAST_SQUARE)) };
}
