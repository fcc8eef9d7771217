import * as tf from '@tensorflow/tfjs-core';

import type { Bijector, BijectorConfig } from '../bijector.ts';
import { ConfigReader, unexpected } from '../config.ts';
import type { NamedVariables } from '../parameter.ts';
import { checkOptions } from '../options/check-options.ts';
import * as rules from '../options/config-rules.ts';
import { required, whole } from '../options/rules.ts';

/**
 * Configuration of a {@link Squeeze}: the shape of the input image. A row of features holds its
 * pixels line by line, channels last.
 */
export interface SqueezeConfig extends BijectorConfig {
  readonly type: 'squeeze';
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/**
 * Squeezing (Dinh et al., Real NVP, 2017): every 2 × 2 block of pixels becomes one pixel with four
 * times the channels, [h × w × c] → [h/2 × w/2 × 4c], log|det| = 0. Channel 4c + 2i + j of a new
 * pixel is channel c of the pixel at line i, column j of its block.
 */
export class Squeeze implements Bijector {
  readonly config: SqueezeConfig;
  readonly inverseCost = 'parallel';
  readonly variables: NamedVariables = new Map();

  constructor(config: SqueezeConfig) {
    checkOptions<SqueezeConfig>('squeeze', config, {
      type: rules.tag('squeeze'),
      height: required(whole(1)),
      width: required(whole(1)),
      channels: required(whole(1)),
    });
    for (const side of ['height', 'width'] as const) {
      if (config[side] % 2 !== 0) throw unexpected(`squeeze.${side}`, config[side], 'an even number');
    }
    this.config = config;
  }

  /** Builds one from its JSON configuration. */
  static readonly fromConfig = (json: unknown): Squeeze => {
    const reader = new ConfigReader(json, 'squeeze');
    return new Squeeze({
      type: 'squeeze',
      height: reader.integer('height', 2),
      width: reader.integer('width', 2),
      channels: reader.integer('channels', 1),
    });
  };

  forwardAndLogDet(x: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return tf.tidy(() => {
      const [n, features] = x.shape;
      const { height, width, channels } = this.config;
      const blocks = tf.reshape(x, [n, height / 2, 2, width / 2, 2, channels]);
      return [tf.reshape(tf.transpose(blocks, [0, 1, 3, 5, 2, 4]), [n, features]), tf.zeros([n])];
    });
  }

  inverseAndLogDet(z: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return tf.tidy(() => {
      const [n, features] = z.shape;
      const { height, width, channels } = this.config;
      const blocks = tf.reshape(z, [n, height / 2, width / 2, channels, 2, 2]);
      return [tf.reshape(tf.transpose(blocks, [0, 1, 4, 2, 5, 3]), [n, features]), tf.zeros([n])];
    });
  }

  moveObserved(observed: tf.Tensor2D): tf.Tensor2D {
    return tf.tidy(() => this.forwardAndLogDet(observed)[0]);
  }

  dispose(): void {
    // Holds no resources.
  }
}
