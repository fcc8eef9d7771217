import * as tf from '@tensorflow/tfjs-core';

import type { ScaleFunction } from '../bijectors/scale-function.ts';
import { logScale, readScaleFunction } from '../bijectors/scale-function.ts';
import type { TypedConfig } from '../config.ts';
import { ConfigReader } from '../config.ts';
import type { Transformer, TransformerParameters } from './transformer.ts';
import { checkOptions } from '../options/check-options.ts';
import * as rules from '../options/config-rules.ts';

/**
 * Glow's scale, σ(r + 2) + 10⁻³, between 10⁻³ and 1 + 10⁻³: it contracts, by a factor of at most a
 * thousand.
 */
export interface SigmoidScale {
  readonly kind: 'sigmoid';
}
const SIGMOID_OFFSET = 2;
const LEAST_SCALE = 1e-3;

/** Configuration of an {@link AffineTransformer}. */
export interface AffineTransformerConfig extends TypedConfig {
  readonly type: 'affine';
  readonly scale: ScaleFunction | SigmoidScale;
}

/** z = x·exp(s(r)) + t, log ∂z/∂x = s(r). Parameters: [r, t]. */
export class AffineTransformer implements Transformer {
  readonly config: AffineTransformerConfig;
  readonly parametersPerFeature = 2;
  readonly inverseCost = 'parallel';
  readonly passesAtZero: boolean;

  constructor(config: AffineTransformerConfig) {
    checkOptions<AffineTransformerConfig>('affine', config, { type: rules.tag('affine'), scale: rules.scaleFunction });
    this.config = config;
    this.passesAtZero = config.scale.kind !== 'sigmoid';
  }

  /** Builds one from its JSON configuration. */
  static readonly fromConfig = (json: unknown): AffineTransformer => {
    const scale = new ConfigReader(json, 'affine').object('scale');
    return new AffineTransformer({
      type: 'affine',
      scale: scale.field('kind') === 'sigmoid' ? { kind: 'sigmoid' } : readScaleFunction(scale),
    });
  };

  forward(x: tf.Tensor2D, parameters: TransformerParameters): [tf.Tensor2D, tf.Tensor2D] {
    const [s, t] = this.#scaleAndShift(parameters);
    return [tf.add(tf.mul(x, tf.exp(s)), t), s];
  }

  inverse(z: tf.Tensor2D, parameters: TransformerParameters): [tf.Tensor2D, tf.Tensor2D] {
    const [s, t] = this.#scaleAndShift(parameters);
    const minusS: tf.Tensor2D = tf.neg(s);
    return [tf.mul(tf.sub(z, t), tf.exp(minusS)), minusS];
  }

  #scaleAndShift(parameters: TransformerParameters): [s: tf.Tensor2D, t: tf.Tensor2D] {
    const { scale } = this.config;
    const raw = parameters.part(0);
    const s =
      scale.kind === 'sigmoid'
        ? tf.log<tf.Tensor2D>(tf.add(tf.sigmoid(tf.add(raw, SIGMOID_OFFSET)), LEAST_SCALE))
        : logScale(scale, raw);
    return [s, parameters.part(1)];
  }
}
