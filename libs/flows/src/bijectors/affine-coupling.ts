import * as tf from '@tensorflow/tfjs-core';

import type { Bijector, BijectorConfig } from '../bijector.ts';
import type { MlpConfig } from '../conditioners/mlp.ts';
import { Mlp, readMlpConfig } from '../conditioners/mlp.ts';
import { ConfigReader, unexpected } from '../config.ts';
import type { LinearMap } from '../ops/linear-map.ts';
import { columnScatter, columnSelection } from '../ops/linear-map.ts';
import { squash } from '../ops/squash.ts';
import type { NamedVariables } from '../parameter.ts';
import { prefixed } from '../parameter.ts';
import type { Random } from '../random.ts';
import type { ScaleFunction } from './scale-function.ts';
import { logScale, readScaleFunction } from './scale-function.ts';

/** One network for both heads, or one each for the log-scale s and the shift t, as the article draws them. */
export type CouplingNetworks =
  | { readonly kind: 'shared'; readonly net: MlpConfig }
  | { readonly kind: 'separate'; readonly scale: MlpConfig; readonly shift: MlpConfig };

/** The configuration of an {@link AffineCoupling}. */
export interface AffineCouplingConfig extends BijectorConfig {
  readonly type: 'affineCoupling';
  readonly features: number;
  readonly context: number;
  /** The features that condition and pass unchanged, in the order in which the networks see them; the others are transformed. */
  readonly conditioning: readonly number[];
  readonly scale: ScaleFunction;
  /** The networks see clip·tanh(input / clip); null: the input as it is. */
  readonly inputClip: number | null;
  readonly networks: CouplingNetworks;
}

/**
 * Affine coupling (Dinh et al., Real NVP, 2017): z_a = x_a, z_b = x_b ⊙ exp(s(x_a)) + t(x_a), log|det ∂z/∂x| = Σ s; inverse
 * x_b = (z_b − t) ⊙ exp(−s). s and t also see the context.
 *
 * Parameters: `w0`, `c0`, `b0`, `w1`, … of the shared network, whose outputs are [s of the transformed features | t of them] in ascending
 * order of the features; or the same under `scale/` and `shift/`. With nothing to condition on, `w0` sees a column of zeros.
 */
export class AffineCoupling implements Bijector {
  readonly config: AffineCouplingConfig;
  readonly inverseCost = 'parallel';
  readonly variables: NamedVariables;
  readonly #select: LinearMap;
  readonly #toScale: LinearMap;
  readonly #toShift: LinearMap;
  readonly #networks: { readonly scale: Mlp; readonly shift: Mlp | undefined };

  constructor(config: AffineCouplingConfig, random: Random) {
    this.config = config;
    const { features, context, conditioning, networks } = config;
    const transformed = transformedFeatures(config);
    const width = transformed.length;
    const inputs = Math.max(1, conditioning.length);
    this.#select = columnSelection(features, conditioning);
    if (networks.kind === 'shared') {
      const net = new Mlp(inputs, context, 2 * width, networks.net, random);
      this.#networks = { scale: net, shift: undefined };
      this.#toScale = columnScatter(2 * width, 0, features, transformed);
      this.#toShift = columnScatter(2 * width, width, features, transformed);
      this.variables = net.variables;
    } else {
      const scale = new Mlp(inputs, context, width, networks.scale, random);
      const shift = new Mlp(inputs, context, width, networks.shift, random);
      this.#networks = { scale, shift };
      this.#toScale = columnScatter(width, 0, features, transformed);
      this.#toShift = columnScatter(width, 0, features, transformed);
      this.variables = new Map([...prefixed('scale', scale.variables), ...prefixed('shift', shift.variables)]);
    }
  }

  /** Makes one from its JSON. */
  static readonly fromConfig = (json: unknown, random: Random): AffineCoupling => {
    const reader = new ConfigReader(json, 'affineCoupling');
    const nets = reader.object('networks');
    const config: AffineCouplingConfig = {
      type: 'affineCoupling',
      features: reader.integer('features', 1),
      context: reader.integer('context'),
      conditioning: reader.integers('conditioning'),
      scale: readScaleFunction(reader.object('scale')),
      inputClip: reader.numberOrNull('inputClip'),
      networks:
        nets.oneOf('kind', ['shared', 'separate']) === 'shared'
          ? { kind: 'shared', net: readMlpConfig(nets.object('net')) }
          : {
              kind: 'separate',
              scale: readMlpConfig(nets.object('scale')),
              shift: readMlpConfig(nets.object('shift')),
            },
    };
    return new AffineCoupling(config, random);
  };

  forwardAndLogDet(x: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return tf.tidy(() => {
      const [s, t] = this.#scaleAndShift(x, context, observed);
      return [tf.add(tf.mul(x, tf.exp(s)), t), tf.sum(s, 1)];
    });
  }

  inverseAndLogDet(z: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return tf.tidy(() => {
      // The conditioning features are the same in x and z.
      const [s, t] = this.#scaleAndShift(z, context, observed);
      const minusS: tf.Tensor2D = tf.neg(s);
      return [tf.mul(tf.sub(z, t), tf.exp(minusS)), tf.sum(minusS, 1)];
    });
  }

  /** s and t as [n × features], zero where a feature conditions or is missing. */
  #scaleAndShift(x: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): [s: tf.Tensor2D, t: tf.Tensor2D] {
    const { inputClip, scale } = this.config;
    const clipped = (input: tf.Tensor2D) => (inputClip === null ? input : squash(input, inputClip));
    const inputs = clipped(this.#select.apply(x));
    const clippedContext = context === undefined ? undefined : clipped(context);
    const rawScale = this.#networks.scale.apply(inputs, clippedContext);
    const rawShift = this.#networks.shift?.apply(inputs, clippedContext) ?? rawScale;
    const s = logScale(scale, this.#toScale.apply(rawScale));
    const t = this.#toShift.apply(rawShift);
    return observed === undefined ? [s, t] : [tf.mul(s, observed), tf.mul(t, observed)];
  }

  dispose(): void {
    for (const map of [this.#select, this.#toScale, this.#toShift]) map.dispose();
    this.#networks.scale.dispose();
    this.#networks.shift?.dispose();
  }
}

/** The features that a coupling transforms, ascending. Throws FLOWLINE_MODEL_INCOMPATIBLE where `conditioning` leaves none or does not fit. */
export function transformedFeatures({
  type,
  features,
  conditioning,
}: Pick<AffineCouplingConfig, 'features' | 'conditioning'> & { readonly type: string }): number[] {
  const conditions = new Set(conditioning);
  const transformed = Array.from({ length: features }, (_, i) => i).filter((i) => !conditions.has(i));
  if (conditions.size !== conditioning.length || conditioning.some((i) => i >= features) || transformed.length === 0) {
    throw unexpected(
      `${type}.conditioning`,
      conditioning,
      `distinct features below ${features} that leave at least one to transform`,
    );
  }
  return transformed;
}
