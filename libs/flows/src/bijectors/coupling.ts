import * as tf from '@tensorflow/tfjs-core';

import type { Bijector, BijectorConfig, InverseCost } from '../bijector.ts';
import type { MlpConfig } from '../conditioners/mlp.ts';
import { Mlp, readMlpConfig } from '../conditioners/mlp.ts';
import type { TypedConfig } from '../config.ts';
import { ConfigReader } from '../config.ts';
import { columnScatter, columnSelection, LinearMap } from '../ops/linear-map.ts';
import { masked } from '../ops/masked.ts';
import { squash } from '../ops/squash.ts';
import type { NamedVariables } from '../parameter.ts';
import type { Random } from '../random.ts';
import { transformerFromConfig } from '../transformers/registry.ts';
import type { Transformer } from '../transformers/transformer.ts';
import { transformedFeatures } from './affine-coupling.ts';

/** The configuration of a {@link Coupling}. */
export interface CouplingConfig extends BijectorConfig {
  readonly type: 'coupling';
  readonly features: number;
  readonly context: number;
  /** The features that condition and pass unchanged, in the order in which the network sees them; the others are transformed. */
  readonly conditioning: readonly number[];
  /** The network sees clip·tanh(input / clip); null: the input as it is. */
  readonly inputClip: number | null;
  readonly net: MlpConfig;
  readonly transformer: TypedConfig;
}

/** What a {@link Coupling} is made of: its configuration, with the transformer itself. */
export type CouplingOptions = Omit<CouplingConfig, 'type' | 'transformer'> & { readonly transformer: Transformer };

/**
 * A coupling with any transformer: z_a = x_a, z_b = g(x_b; θ(x_a, context)) feature by feature, log|det ∂z/∂x| = Σ log ∂z_b/∂x_b
 * (Dinh et al., NICE, 2015). Both directions cost one pass of the network and that of the transformer.
 *
 * Parameters: those of the network, `w0`, `c0`, `b0`, `w1`, …, whose outputs are the p parameters of the first transformed feature,
 * then those of the next. With nothing to condition on, `w0` sees a column of zeros.
 */
export class Coupling implements Bijector {
  readonly config: CouplingConfig;
  readonly inverseCost: InverseCost;
  readonly variables: NamedVariables;
  readonly #transformer: Transformer;
  readonly #net: Mlp;
  readonly #width: number;
  readonly #toConditioning: LinearMap;
  readonly #toTransformed: LinearMap;
  readonly #kept: LinearMap;
  readonly #back: LinearMap;

  constructor(options: CouplingOptions, random: Random) {
    const { features, context, conditioning, net, transformer } = options;
    this.config = { ...options, type: 'coupling', transformer: transformer.config };
    this.inverseCost = transformer.inverseCost;
    this.#transformer = transformer;
    const transformed = transformedFeatures(this.config);
    this.#width = transformed.length;
    this.#net = new Mlp(
      Math.max(1, conditioning.length),
      context,
      transformed.length * transformer.parametersPerFeature,
      net,
      random,
    );
    this.variables = this.#net.variables;
    this.#toConditioning = columnSelection(features, conditioning);
    this.#toTransformed = columnSelection(features, transformed);
    this.#kept = new LinearMap(
      features,
      features,
      conditioning.map((index) => [index, index, 1]),
    );
    this.#back = columnScatter(transformed.length, 0, features, transformed);
  }

  /** Makes one from its JSON. */
  static readonly fromConfig = (json: unknown, random: Random): Coupling => {
    const reader = new ConfigReader(json, 'coupling');
    const options: CouplingOptions = {
      features: reader.integer('features', 1),
      context: reader.integer('context'),
      conditioning: reader.integers('conditioning'),
      inputClip: reader.numberOrNull('inputClip'),
      net: readMlpConfig(reader.object('net')),
      transformer: transformerFromConfig(reader.field('transformer')),
    };
    return new Coupling(options, random);
  };

  forwardAndLogDet(x: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return this.#coupled('forward', x, context, observed);
  }

  inverseAndLogDet(z: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    // The conditioning features are the same in x and z.
    return this.#coupled('inverse', z, context, observed);
  }

  #coupled(
    direction: 'forward' | 'inverse',
    rows: tf.Tensor2D,
    context?: tf.Tensor2D,
    observed?: tf.Tensor2D,
  ): [tf.Tensor2D, tf.Tensor1D] {
    return tf.tidy(() => {
      const { inputClip } = this.config;
      const clipped = (input: tf.Tensor2D) => (inputClip === null ? input : squash(input, inputClip));
      const outputs = this.#net.apply(
        clipped(this.#toConditioning.apply(rows)),
        context === undefined ? undefined : clipped(context),
      );
      const parameters = tf.reshape<tf.Rank.R3>(outputs, [rows.shape[0], this.#width, -1]);
      const mask = observed === undefined ? undefined : this.#toTransformed.apply(observed);
      const [moved, logSlope] = this.#transformer[direction](this.#toTransformed.apply(rows), parameters);
      return [tf.add(this.#kept.apply(rows), this.#back.apply(masked(moved, mask))), tf.sum(masked(logSlope, mask), 1)];
    });
  }

  dispose(): void {
    for (const map of [this.#toConditioning, this.#toTransformed, this.#kept, this.#back]) map.dispose();
    this.#net.dispose();
  }
}
