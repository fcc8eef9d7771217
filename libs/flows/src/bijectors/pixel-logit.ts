import * as tf from '@tensorflow/tfjs-core';

import type { Bijector, BijectorConfig } from '../bijector.ts';
import { ConfigReader, unexpected } from '../config.ts';
import { masked } from '../ops/masked.ts';
import type { NamedVariables } from '../parameter.ts';
import { checkOptions } from '../options/check-options.ts';
import * as rules from '../options/config-rules.ts';
import { required, finiteNumber } from '../options/rules.ts';

/** Configuration of a {@link PixelLogit}. */
export interface PixelLogitConfig extends BijectorConfig {
  readonly type: 'pixelLogit';
  /** Number of values a pixel can have: 0 … values − 1. */
  readonly values: number;
  /** α: margin kept free at either end of the unit interval, in (0, ½). */
  readonly margin: number;
}

/**
 * Map of pixel values to the real line (Dinh et al., Real NVP, 2017): with u = (x + ½) / values and
 * p = α + (1 − 2α)·u, z = logit p, log ∂z/∂x = log(1 − 2α) − log p − log(1 − p) − log values. x is
 * a pixel value plus noise in [−½, ½], so u covers [0, 1]. Outside this interval z continues along
 * its tangents, so the map is defined everywhere.
 */
export class PixelLogit implements Bijector {
  readonly config: PixelLogitConfig;
  readonly inverseCost = 'parallel';
  readonly variables: NamedVariables = new Map();

  constructor(config: PixelLogitConfig) {
    checkOptions<PixelLogitConfig>('pixelLogit', config, {
      type: rules.tag('pixelLogit'),
      values: required(finiteNumber),
      margin: required(finiteNumber),
    });
    const { values, margin } = config;
    if (!Number.isInteger(values) || values < 2) {
      throw unexpected('pixelLogit.values', values, 'a whole number of at least 2');
    }
    if (!(margin > 0 && margin < 0.5)) throw unexpected('pixelLogit.margin', margin, 'a number between 0 and 1/2');
    this.config = config;
  }

  /** Builds one from its JSON configuration. */
  static readonly fromConfig = (json: unknown): PixelLogit => {
    const reader = new ConfigReader(json, 'pixelLogit');
    return new PixelLogit({ type: 'pixelLogit', values: reader.integer('values', 2), margin: reader.number('margin') });
  };

  forwardAndLogDet(x: tf.Tensor2D, _context?: tf.Tensor2D, observed?: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return tf.tidy(() => {
      const { values, margin } = this.config;
      const u: tf.Tensor2D = tf.div(tf.add(x, 0.5), values);
      const inside = tf.clipByValue(u, 0, 1);
      const p = this.#share(inside);
      const logit = tf.sub(tf.log(p), tf.log(tf.sub(1, p)));
      const z: tf.Tensor2D = tf.add(logit, tf.mul(tf.sub(u, inside), tangent(margin)));
      return [masked(z, observed), tf.sum(masked(this.#logSlope(p), observed), 1)];
    });
  }

  inverseAndLogDet(z: tf.Tensor2D, _context?: tf.Tensor2D, observed?: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return tf.tidy(() => {
      const { values, margin } = this.config;
      const edge = Math.log1p(-margin) - Math.log(margin);
      const inside = tf.clipByValue(z, -edge, edge);
      const p: tf.Tensor2D = tf.sigmoid(inside);
      const beyond = tf.div(tf.sub(z, inside), tangent(margin));
      const u = tf.add(tf.div(tf.sub(p, margin), 1 - 2 * margin), beyond);
      const x: tf.Tensor2D = tf.sub(tf.mul(u, values), 0.5);
      return [masked(x, observed), tf.sum(masked(tf.neg(this.#logSlope(p)), observed), 1)];
    });
  }

  #share(u: tf.Tensor2D): tf.Tensor2D {
    const { margin } = this.config;
    return tf.add(tf.mul(u, 1 - 2 * margin), margin);
  }

  /** log ∂z/∂x at p. Outside the interval p is that of the edge, whose tangent continues there. */
  #logSlope(p: tf.Tensor2D): tf.Tensor2D {
    const { values, margin } = this.config;
    return tf.sub(Math.log((1 - 2 * margin) / values), tf.add(tf.log(p), tf.log(tf.sub(1, p))));
  }

  dispose(): void {
    // Holds no resources.
  }
}

/** ∂z/∂u at the edges of the unit interval. */
const tangent = (margin: number): number => (1 - 2 * margin) / (margin * (1 - margin));
