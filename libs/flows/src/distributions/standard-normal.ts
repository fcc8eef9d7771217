import * as tf from '@tensorflow/tfjs-core';

import { ConfigReader } from '../config.ts';
import type { NamedVariables } from '../parameter.ts';
import type { Random } from '../random.ts';
import type { Distribution } from './distribution.ts';
import { checkValue } from '../options/check-options.ts';
import { whole } from '../options/rules.ts';

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);

/** The standard normal: log p(z) = −½ Σ (z_j² + log 2π). */
export class StandardNormal implements Distribution {
  readonly config: { readonly type: 'standardNormal'; readonly features: number };
  readonly variables: NamedVariables = new Map();

  constructor(features: number) {
    checkValue('standardNormal.features', features, whole(1));
    this.config = { type: 'standardNormal', features };
  }

  /** Builds one from its JSON configuration. */
  static readonly fromConfig = (json: unknown): StandardNormal => {
    return new StandardNormal(new ConfigReader(json, 'standardNormal').integer('features', 1));
  };

  logProb(z: tf.Tensor2D, _context?: tf.Tensor2D, observed?: tf.Tensor2D): tf.Tensor1D {
    return tf.tidy(() => {
      const squares = tf.square(z);
      if (observed === undefined) {
        return tf.sub(tf.mul(tf.sum(squares, 1), -0.5), HALF_LOG_TWO_PI * this.config.features);
      }
      const terms = tf.mul(tf.add(tf.mul(squares, 0.5), HALF_LOG_TWO_PI), observed);
      return tf.neg(tf.sum(terms, 1));
    });
  }

  sample(n: number, random: Random): tf.Tensor2D {
    return tf.tensor2d(random.normals(n * this.config.features), [n, this.config.features]);
  }

  dispose(): void {
    // Holds no resources.
  }
}
