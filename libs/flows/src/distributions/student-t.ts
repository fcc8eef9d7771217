import * as tf from '@tensorflow/tfjs-core';

import { ConfigReader, unexpected } from '../config.ts';
import { masked } from '../ops/masked.ts';
import type { NamedVariables } from '../parameter.ts';
import type { Random } from '../random.ts';
import type { Distribution } from './distribution.ts';
import { LocationScale } from './location-scale.ts';
import { logGamma } from './log-gamma.ts';
import { checkOptions } from '../options/check-options.ts';
import * as rules from '../options/config-rules.ts';
import { required, finiteNumber } from '../options/rules.ts';

/** Configuration of a {@link StudentT}. */
export interface StudentTConfig {
  readonly type: 'studentT';
  readonly features: number;
  /** ν > 0, common to all features; smaller values give heavier tails. */
  readonly degreesOfFreedom: number;
}

/**
 * Independent Student t distributions with a trainable location and scale per feature, for data
 * with heavy tails: with y = (z − location)·exp(−logScale),
 * log p(z) = Σ [log Γ((ν + 1)/2) − log Γ(ν/2) − ½ log(νπ) − logScale_j
 *               − (ν + 1)/2·log(1 + y_j²/ν)].
 * Parameters: `location` [d], `logScale` [d].
 *
 * ```ts
 * await initBackend('wasm');
 * const base = new StudentT({ type: 'studentT', features: 2, degreesOfFreedom: 4 });
 * const flow = maf({ features: 2, base, seed: 1 });
 * ```
 */
export class StudentT implements Distribution {
  readonly config: StudentTConfig;
  readonly variables: NamedVariables;
  readonly #place: LocationScale;

  constructor(config: StudentTConfig) {
    checkOptions<StudentTConfig>('studentT', config, {
      type: rules.tag('studentT'),
      features: rules.features,
      degreesOfFreedom: required(finiteNumber),
    });
    const { features, degreesOfFreedom } = config;
    if (!(degreesOfFreedom > 0)) throw unexpected('studentT.degreesOfFreedom', degreesOfFreedom, 'a number above 0');
    this.config = config;
    this.#place = new LocationScale(features);
    this.variables = this.#place.variables;
  }

  /** Builds one from its JSON configuration. */
  static readonly fromConfig = (json: unknown): StudentT => {
    const reader = new ConfigReader(json, 'studentT');
    return new StudentT({
      type: 'studentT',
      features: reader.integer('features', 1),
      degreesOfFreedom: reader.number('degreesOfFreedom'),
    });
  };

  logProb(z: tf.Tensor2D, _context?: tf.Tensor2D, observed?: tf.Tensor2D): tf.Tensor1D {
    return tf.tidy(() => {
      const nu = this.config.degreesOfFreedom;
      const constant = logGamma((nu + 1) / 2) - logGamma(nu / 2) - 0.5 * Math.log(nu * Math.PI);
      const { y, logScale } = this.#place.standardised(z);
      const tail = tf.mul(tf.log(tf.add(tf.div(tf.square(y), nu), 1)), (nu + 1) / 2);
      const terms = tf.add<tf.Tensor2D>(tail, tf.sub(logScale, constant));
      return tf.neg(tf.sum<tf.Tensor1D>(masked(terms, observed), 1));
    });
  }

  sample(n: number, random: Random): tf.Tensor2D {
    const { features, degreesOfFreedom } = this.config;
    const draws = Float32Array.from({ length: n * features }, () => studentT(degreesOfFreedom, random));
    return tf.tidy(() => this.#place.placed(tf.tensor2d(draws, [n, features])));
  }

  dispose(): void {
    this.#place.dispose();
  }
}

/** Draws one value of Student's t by the polar method (Bailey, 1994). */
function studentT(nu: number, random: Random): number {
  for (;;) {
    const u = 2 * random.uniform() - 1;
    const v = 2 * random.uniform() - 1;
    const square = u * u + v * v;
    if (square < 1 && square > 0) return u * Math.sqrt((nu * (square ** (-2 / nu) - 1)) / square);
  }
}
