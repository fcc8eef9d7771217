import * as tf from '@tensorflow/tfjs-core';

import type { Bijector, BijectorConfig } from '../bijector.ts';
import { activate } from '../conditioners/activation.ts';
import { ContextualParameters } from '../conditioners/contextual-parameters.ts';
import type { MlpConfig } from '../conditioners/mlp.ts';
import { checkMlpConfig, readMlpConfig } from '../conditioners/mlp.ts';
import { ConfigReader, unexpected } from '../config.ts';
import { masked } from '../ops/masked.ts';
import { monotoneRoot } from '../ops/monotone-root.ts';
import type { NamedVariables } from '../parameter.ts';
import type { Random } from '../random.ts';
import { checkOptions, checkValue } from '../options/check-options.ts';
import * as rules from '../options/config-rules.ts';
import { required, finiteNumber } from '../options/rules.ts';

/** Added to |w|², so that w = 0 gives a shift rather than a division by zero. */
const LEAST_SQUARE = 1e-12;
/** softplus of this is 1: for w·u = SOFTPLUS_ONE, û is 0 and the map is the identity. */
const SOFTPLUS_ONE = Math.log(Math.E - 1);

/** Configuration of a {@link Planar}. */
export interface PlanarConfig extends BijectorConfig {
  readonly type: 'planar';
  readonly features: number;
  readonly context: number;
  /** Minimum slope along w, in [0, 1). Below it float32 could not invert the map. */
  readonly leastSlope: number;
  /** Network that adds a function of the context to the parameters. */
  readonly net: MlpConfig;
}

/**
 * Planar map (Rezende and Mohamed, “Variational inference with normalizing flows”, 2015):
 * z = x + û·tanh(w·x + b) with û = u + (m + (1 − m)·softplus(w·u) − 1 − w·u)·w / |w|². The slope
 * along w, 1 + w·û, is then at least m = leastSlope, and the map is invertible.
 * log|det ∂z/∂x| = log(tanh² + (1 + w·û)·sech²), a sum of positive terms. Inverse: the root of
 * α + w·û·tanh(α + b) = w·z by bracketed Newton search, then x = z − û·tanh(α + b).
 *
 * Parameters: `w` [d], `u` [d], `b` [1]. Missing features are masked out of w and u.
 */
export class Planar implements Bijector {
  readonly config: PlanarConfig;
  readonly inverseCost = 'iterative';
  readonly variables: NamedVariables;
  readonly #parameters: ContextualParameters<'w' | 'u' | 'b'>;

  constructor(config: PlanarConfig, random: Random) {
    checkOptions<PlanarConfig>('planar', config, {
      type: rules.tag('planar'),
      features: rules.features,
      context: rules.context,
      leastSlope: required(finiteNumber),
      net: rules.network,
    });
    checkMlpConfig('planar.net', config.net);
    checkValue('planar.random', random, rules.generator);
    this.config = config;
    const { features, context, net, leastSlope } = config;
    if (!(leastSlope >= 0 && leastSlope < 1)) {
      throw unexpected('planar.leastSlope', leastSlope, 'a number from 0 up to, not including, 1');
    }
    const w = random.normals(features).map((value) => value / Math.sqrt(features));
    const square = w.reduce((sum, value) => sum + value * value, LEAST_SQUARE);
    const u = w.map((value) => (SOFTPLUS_ONE * value) / square);
    this.#parameters = new ContextualParameters({ w, u, b: new Float32Array(1) }, context, net, random);
    this.variables = this.#parameters.variables;
  }

  /** Builds one from its JSON configuration. */
  static readonly fromConfig = (json: unknown, random: Random): Planar => {
    const reader = new ConfigReader(json, 'planar');
    const config: PlanarConfig = {
      type: 'planar',
      features: reader.integer('features', 1),
      context: reader.integer('context'),
      leastSlope: reader.number('leastSlope'),
      net: readMlpConfig(reader.object('net')),
    };
    return new Planar(config, random);
  };

  forwardAndLogDet(x: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return tf.tidy(() => {
      const { w, b, uHat, slope } = this.#at(context, observed);
      const a: tf.Tensor2D = tf.add(dot(w, x), b);
      const { tanh, derivative } = along(a, slope);
      return [tf.add(x, tf.mul(uHat, tanh)), tf.squeeze<tf.Tensor1D>(tf.log(derivative), [1])];
    });
  }

  inverseAndLogDet(z: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return tf.tidy(() => {
      const { w, b, uHat, slope } = this.#at(context, observed);
      const target = dot(w, z);
      const reach = tf.sub(slope, 1); // w·û: the maximum shift of w·x by tanh
      const map = (alpha: tf.Tensor2D) => {
        const { tanh, derivative } = along(tf.add(alpha, b), slope);
        return { value: tf.add<tf.Tensor2D>(alpha, tf.mul(reach, tanh)), slope: derivative };
      };
      const width = tf.abs(reach);
      const alpha = monotoneRoot(map, target, tf.sub(target, width), tf.add(target, width));
      const { tanh, derivative } = along(tf.add(alpha, b), slope);
      return [tf.sub(z, tf.mul(uHat, tanh)), tf.squeeze<tf.Tensor1D>(tf.neg(tf.log(derivative)), [1])];
    });
  }

  /**
   * w, b, û and the slope 1 + w·û, each with one row, or with one row per row of the context or the
   * mask.
   */
  #at(context?: tf.Tensor2D, observed?: tf.Tensor2D) {
    const { leastSlope } = this.config;
    const parameters = this.#parameters.at(context);
    const [w, u] = [masked(parameters.w, observed), masked(parameters.u, observed)];
    const square = tf.sum(tf.square(w), 1, true);
    const wu = dot(w, u);
    const wanted = tf.add(tf.mul(tf.softplus(wu), 1 - leastSlope), leastSlope);
    const correction = tf.div(tf.sub(tf.sub(wanted, 1), wu), tf.add(square, LEAST_SQUARE));
    const uHat: tf.Tensor2D = tf.add(u, tf.mul(correction, w));
    // 1 + w·û in a form without cancellation: `wanted`, or 1 + w·u where w vanishes.
    const share = tf.div(square, tf.add(square, LEAST_SQUARE));
    const slope: tf.Tensor2D = tf.add(tf.mul(share, wanted), tf.mul(tf.sub(1, share), tf.add(wu, 1)));
    return { w, b: parameters.b, uHat, slope };
  }

  dispose(): void {
    this.#parameters.dispose();
  }
}

/** tanh(a), and the derivative of a + (slope − 1)·tanh(a): tanh² + slope·sech². */
function along(a: tf.Tensor2D, slope: tf.Tensor2D): { tanh: tf.Tensor2D; derivative: tf.Tensor2D } {
  const tanh = activate('tanh', a);
  const doubled = tf.mul(a, 2);
  const sechSquare = tf.mul(tf.mul(tf.sigmoid(doubled), tf.sigmoid(tf.neg(doubled))), 4);
  return { tanh, derivative: tf.add(tf.square(tanh), tf.mul(slope, sechSquare)) };
}

const dot = (a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D => tf.sum<tf.Tensor2D>(tf.mul(a, b), 1, true);
