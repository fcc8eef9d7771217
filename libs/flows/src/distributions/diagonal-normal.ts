import * as tf from '@tensorflow/tfjs-core';

import { ConfigReader } from '../config.ts';
import { masked } from '../ops/masked.ts';
import type { NamedVariables } from '../parameter.ts';
import type { Random } from '../random.ts';
import type { Distribution } from './distribution.ts';
import { LocationScale } from './location-scale.ts';
import { checkOptions } from '../options/check-options.ts';
import * as rules from '../options/config-rules.ts';

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);

/** Configuration of a {@link DiagonalNormal}. */
export interface DiagonalNormalConfig {
  readonly type: 'diagonalNormal';
  readonly features: number;
}

/**
 * A normal distribution with a trainable location and scale per feature: with
 * y = (z − location)·exp(−logScale), log p(z) = −Σ (½y_j² + ½ log 2π + logScale_j). Initially the
 * standard normal. Parameters: `location` [d], `logScale` [d].
 *
 * ```ts
 * await initBackend('wasm');
 * const base = new DiagonalNormal({ type: 'diagonalNormal', features: 2 });
 * const flow = maf({ features: 2, base, seed: 1 });
 * ```
 */
export class DiagonalNormal implements Distribution {
  readonly config: DiagonalNormalConfig;
  readonly variables: NamedVariables;
  readonly #place: LocationScale;

  constructor(config: DiagonalNormalConfig) {
    checkOptions<DiagonalNormalConfig>('diagonalNormal', config, {
      type: rules.tag('diagonalNormal'),
      features: rules.features,
    });
    this.config = config;
    this.#place = new LocationScale(config.features);
    this.variables = this.#place.variables;
  }

  /** Builds one from its JSON configuration. */
  static readonly fromConfig = (json: unknown): DiagonalNormal => {
    const features = new ConfigReader(json, 'diagonalNormal').integer('features', 1);
    return new DiagonalNormal({ type: 'diagonalNormal', features });
  };

  logProb(z: tf.Tensor2D, _context?: tf.Tensor2D, observed?: tf.Tensor2D): tf.Tensor1D {
    return tf.tidy(() => {
      const { y, logScale } = this.#place.standardised(z);
      const terms = tf.add<tf.Tensor2D>(tf.mul(tf.square(y), 0.5), tf.add(logScale, HALF_LOG_TWO_PI));
      return tf.neg(tf.sum<tf.Tensor1D>(masked(terms, observed), 1));
    });
  }

  sample(n: number, random: Random): tf.Tensor2D {
    const { features } = this.config;
    return tf.tidy(() => this.#place.placed(tf.tensor2d(random.normals(n * features), [n, features])));
  }

  dispose(): void {
    this.#place.dispose();
  }
}
