import * as tf from '@tensorflow/tfjs-core';

import { at } from '../at.ts';
import type { Bijector, BijectorConfig } from '../bijector.ts';
import { ConfigReader } from '../config.ts';
import type { NamedVariables } from '../parameter.ts';
import { ElementWiseAffine } from './element-wise-affine.ts';
import { checkOptions } from '../options/check-options.ts';
import * as rules from '../options/config-rules.ts';

/**
 * A feature whose relative variation is smaller than this is constant up to float32 rounding: its
 * scale stays 1, and it is only shifted to 0. Scaling would turn the rounding into data, larger
 * with each further layer.
 */
const ROUNDING = 1e-6;
/** Maximum |log-scale| at initialisation. */
const LARGEST_LOG_SCALE = 7;

/** Configuration of an {@link ActNorm}. */
export interface ActNormConfig extends BijectorConfig {
  readonly type: 'actNorm';
  readonly features: number;
  /** True once the data-dependent initialisation has run. */
  readonly initialized: boolean;
}

/**
 * Activation normalisation (Kingma and Dhariwal, Glow, 2018): a trainable scale and shift per
 * feature, z = x ⊙ exp(s) + t. The first batch sets them so that each feature has mean 0 and
 * standard deviation 1 (a constant feature: 0, with scale 1); missing features are excluded. Before
 * that it is the identity. Parameters: `logScale` [d], `shift` [d].
 */
export class ActNorm implements Bijector {
  readonly inverseCost = 'parallel';
  readonly #affine: ElementWiseAffine;
  #initialized: boolean;

  constructor(config: ActNormConfig) {
    checkOptions<ActNormConfig>('actNorm', config, {
      type: rules.tag('actNorm'),
      features: rules.features,
      initialized: rules.flag,
    });
    this.#affine = new ElementWiseAffine({ type: 'elementWiseAffine', features: config.features });
    this.#initialized = config.initialized;
  }

  /** Builds one from its JSON configuration. */
  static readonly fromConfig = (json: unknown): ActNorm => {
    const reader = new ConfigReader(json, 'actNorm');
    return new ActNorm({
      type: 'actNorm',
      features: reader.integer('features', 1),
      initialized: reader.boolean('initialized'),
    });
  };

  get config(): ActNormConfig {
    return { type: 'actNorm', features: this.#affine.config.features, initialized: this.#initialized };
  }

  get variables(): NamedVariables {
    return this.#affine.variables;
  }

  forwardAndLogDet(x: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return this.#affine.forwardAndLogDet(x, context, observed);
  }

  inverseAndLogDet(z: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return this.#affine.inverseAndLogDet(z, context, observed);
  }

  initialize(x: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): tf.Tensor2D {
    if (!this.#initialized) {
      this.#initialized = true;
      const moments = observedMoments(x, observed);
      const logScale = moments.map(initialLogScale);
      const shift = moments.map(({ mean }, j) => -mean * Math.exp(at(logScale, j)));
      this.variables.get('logScale')?.assign(Float32Array.from(logScale));
      this.variables.get('shift')?.assign(Float32Array.from(shift));
    }
    return tf.tidy(() => this.forwardAndLogDet(x, context, observed)[0]);
  }

  dispose(): void {
    this.#affine.dispose();
  }
}

function initialLogScale({ mean, deviation }: { readonly mean: number; readonly deviation: number }): number {
  if (deviation <= ROUNDING * Math.max(1, Math.abs(mean))) return 0;
  return Math.max(-LARGEST_LOG_SCALE, Math.min(LARGEST_LOG_SCALE, -Math.log(deviation)));
}

/**
 * Mean and standard deviation of each column over its observed rows; 0 and 1 for a column without
 * any.
 */
function observedMoments(x: tf.Tensor2D, observed?: tf.Tensor2D): { mean: number; deviation: number }[] {
  const [rows, columns] = x.shape;
  const values = x.dataSync();
  const mask = observed?.dataSync();
  return Array.from({ length: columns }, (_, j) => {
    let [sum, squares] = [0, 0];
    const present: number[] = [];
    for (let i = 0; i < rows; i++) {
      if (mask === undefined || mask[i * columns + j] === 1) present.push(at(values, i * columns + j));
    }
    for (const value of present) sum += value;
    const count = present.length;
    const mean = count === 0 ? 0 : sum / count;
    for (const value of present) squares += (value - mean) ** 2;
    return { mean, deviation: count === 0 ? 1 : Math.sqrt(squares / count) };
  });
}
