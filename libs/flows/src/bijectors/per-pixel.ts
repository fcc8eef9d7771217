import * as tf from '@tensorflow/tfjs-core';

import type { Bijector, BijectorConfig, BijectorFactory, InverseCost } from '../bijector.ts';
import { ConfigReader } from '../config.ts';
import type { NamedVariables } from '../parameter.ts';
import { checkValue } from '../options/check-options.ts';
import * as rules from '../options/config-rules.ts';
import { whole } from '../options/rules.ts';

/** Configuration of a {@link PerPixel}. */
export interface PerPixelConfig extends BijectorConfig {
  readonly type: 'perPixel';
  /** Number of pixels per row, each with its channels side by side. */
  readonly pixels: number;
  readonly bijector: BijectorConfig;
}

/**
 * One bijector over the channels, applied at every pixel: an LU map gives Glow's invertible 1 × 1
 * convolution (Kingma and Dhariwal, 2018), an ActNorm its per-channel normalisation. log|det| is
 * the sum over the pixels. Every pixel gets the same context. The parameters are those of the inner
 * bijector.
 */
export class PerPixel implements Bijector {
  readonly inverseCost: InverseCost;
  readonly forwardCost: InverseCost;
  readonly variables: NamedVariables;
  /** Present only if the inner bijector moves channels. */
  readonly moveObserved?: (observed: tf.Tensor2D) => tf.Tensor2D;
  readonly initialize?: (x: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D) => tf.Tensor2D;
  readonly #pixels: number;
  readonly #channelwise: Bijector;

  constructor(pixels: number, channelwise: Bijector) {
    checkValue('perPixel.pixels', pixels, whole(1));
    checkValue('perPixel.bijector', channelwise, rules.bijector);
    this.#pixels = pixels;
    this.#channelwise = channelwise;
    this.inverseCost = channelwise.inverseCost;
    this.forwardCost = channelwise.forwardCost ?? 'parallel';
    this.variables = channelwise.variables;
    if (channelwise.moveObserved !== undefined) {
      this.moveObserved = (observed) => this.#rows(channelwise.moveObserved?.(this.#pixelsOf(observed)) ?? observed);
    }
    if (channelwise.initialize !== undefined) {
      this.initialize = (x, context, observed) =>
        tf.tidy(() => this.#rows(channelwise.initialize?.(...this.#arguments(x, context, observed)) ?? x));
    }
  }

  /** Builds one, with its inner bijector, from its JSON configuration. */
  static readonly fromConfig: BijectorFactory = (json, random, build) => {
    const reader = new ConfigReader(json, 'perPixel');
    return new PerPixel(reader.integer('pixels', 1), build(reader.field('bijector'), random));
  };

  get config(): PerPixelConfig {
    return { type: 'perPixel', pixels: this.#pixels, bijector: this.#channelwise.config };
  }

  forwardAndLogDet(x: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return tf.tidy(() => this.#summed(this.#channelwise.forwardAndLogDet(...this.#arguments(x, context, observed))));
  }

  inverseAndLogDet(z: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return tf.tidy(() => this.#summed(this.#channelwise.inverseAndLogDet(...this.#arguments(z, context, observed))));
  }

  /** One row per pixel, with the context and the mask of its image. */
  #arguments(
    rows: tf.Tensor2D,
    context?: tf.Tensor2D,
    observed?: tf.Tensor2D,
  ): [tf.Tensor2D, tf.Tensor2D | undefined, tf.Tensor2D | undefined] {
    const repeated =
      context === undefined ? undefined : this.#pixelsOf(tf.tile<tf.Tensor2D>(context, [1, this.#pixels]));
    return [this.#pixelsOf(rows), repeated, observed === undefined ? undefined : this.#pixelsOf(observed)];
  }

  #summed([rows, logDet]: [tf.Tensor2D, tf.Tensor1D]): [tf.Tensor2D, tf.Tensor1D] {
    return [this.#rows(rows), tf.sum<tf.Tensor1D>(tf.reshape(logDet, [-1, this.#pixels]), 1)];
  }

  #pixelsOf(rows: tf.Tensor2D): tf.Tensor2D {
    return tf.reshape(rows, [rows.shape[0] * this.#pixels, -1]);
  }

  #rows(pixels: tf.Tensor2D): tf.Tensor2D {
    return tf.reshape(pixels, [pixels.shape[0] / this.#pixels, -1]);
  }

  dispose(): void {
    this.#channelwise.dispose();
  }
}
