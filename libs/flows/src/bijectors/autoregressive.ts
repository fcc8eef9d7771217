import * as tf from '@tensorflow/tfjs-core';

import type { Bijector, BijectorConfig, InverseCost } from '../bijector.ts';
import { Made } from '../conditioners/made.ts';
import type { MlpConfig } from '../conditioners/mlp.ts';
import { readMlpConfig } from '../conditioners/mlp.ts';
import type { TypedConfig } from '../config.ts';
import { ConfigReader } from '../config.ts';
import { masked } from '../ops/masked.ts';
import { squash } from '../ops/squash.ts';
import type { NamedVariables } from '../parameter.ts';
import type { Random } from '../random.ts';
import { featureMajor } from '../transformers/parameters.ts';
import { transformerFromConfig } from '../transformers/registry.ts';
import type { Transformer } from '../transformers/transformer.ts';
import { checkOptions, checkValue } from '../options/check-options.ts';
import * as rules from '../options/config-rules.ts';
import { finiteNumber, orNull, required } from '../options/rules.ts';

/** Configuration of an {@link Autoregressive}. */
export interface AutoregressiveConfig extends BijectorConfig {
  readonly type: 'autoregressive';
  readonly context: number;
  /** Permutation of the features; the parameters of a feature depend on the features before it. */
  readonly order: readonly number[];
  /** The network sees clip·tanh(input / clip); null: the input unclipped. */
  readonly inputClip: number | null;
  readonly net: MlpConfig;
  readonly transformer: TypedConfig;
}

/**
 * Constructor arguments of an {@link Autoregressive}: its configuration, with the transformer
 * itself.
 */
export type AutoregressiveOptions = Omit<AutoregressiveConfig, 'type' | 'transformer'> & {
  readonly transformer: Transformer;
};

/**
 * A masked autoregressive map (Papamakarios et al., MAF, 2017): z_i = g(x_i; θ_i(x_{<i}, context))
 * with an increasing transformer g and one masked network for all θ;
 * log|det ∂z/∂x| = Σ log ∂z_i/∂x_i. Forward costs one pass of the network. The inverse costs one
 * pass per feature, in order, plus the inverse of the transformer.
 *
 * Parameters: those of the masked network, `w0`, `c0`, `b0`, ….
 */
export class Autoregressive implements Bijector {
  readonly config: AutoregressiveConfig;
  readonly inverseCost: InverseCost;
  readonly variables: NamedVariables;
  readonly #made: Made;
  readonly #transformer: Transformer;

  constructor(options: AutoregressiveOptions, random: Random) {
    checkOptions<AutoregressiveOptions>('autoregressive', options, {
      context: rules.context,
      order: rules.indices,
      inputClip: required(orNull(finiteNumber)),
      net: rules.network,
      transformer: rules.transformer,
    });
    checkValue('autoregressive.random', random, rules.generator);
    const { order, context, net, transformer } = options;
    this.config = { ...options, type: 'autoregressive', transformer: transformer.config };
    this.#transformer = transformer;
    const outputsPerFeature = this.#transformer.parametersPerFeature;
    this.#made = new Made({ order, context, outputsPerFeature, net }, random);
    this.variables = this.#made.variables;
    this.inverseCost = this.#transformer.inverseCost === 'iterative' ? 'iterative' : 'sequential';
  }

  /** Builds one from its JSON configuration. */
  static readonly fromConfig = (json: unknown, random: Random): Autoregressive => {
    const reader = new ConfigReader(json, 'autoregressive');
    const options: AutoregressiveOptions = {
      context: reader.integer('context'),
      order: reader.integers('order'),
      inputClip: reader.numberOrNull('inputClip'),
      net: readMlpConfig(reader.object('net')),
      transformer: transformerFromConfig(reader.field('transformer')),
    };
    return new Autoregressive(options, random);
  };

  forwardAndLogDet(x: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return tf.tidy(() => {
      const [n, d] = x.shape;
      const parameters = tf.reshape<tf.Rank.R3>(this.#parametersAt(x, context), [n, d, -1]);
      const [z, logSlope] = this.#transformer.forward(x, featureMajor(parameters));
      return [masked(z, observed), tf.sum(masked(logSlope, observed), 1)];
    });
  }

  inverseAndLogDet(z: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return tf.tidy(() => {
      const [n, d] = z.shape;
      const width = this.#transformer.parametersPerFeature;
      let x = tf.zerosLike(z);
      let logDet = tf.zeros<tf.Rank.R1>([n]);
      for (const feature of this.config.order) {
        const column = (rows: tf.Tensor2D) => tf.slice(rows, [0, feature], [n, 1]);
        const own = tf.slice(this.#parametersAt(x, context), [0, feature * width], [n, width]);
        const [found, logSlope] = this.#transformer.inverse(column(z), featureMajor(tf.reshape(own, [n, 1, width])));
        const isThere = observed === undefined ? undefined : column(observed);
        const placed = tf.pad(masked(found, isThere), [
          [0, 0],
          [feature, d - 1 - feature],
        ]);
        x = tf.add(x, placed);
        logDet = tf.add(logDet, tf.sum(masked(logSlope, isThere), 1));
      }
      return [x, logDet];
    });
  }

  /** Parameters of all features side by side, [n × d·p]. */
  #parametersAt(x: tf.Tensor2D, context?: tf.Tensor2D): tf.Tensor2D {
    const { inputClip } = this.config;
    const clipped = (input: tf.Tensor2D) => (inputClip === null ? input : squash(input, inputClip));
    return this.#made.apply(clipped(x), context === undefined ? undefined : clipped(context));
  }

  dispose(): void {
    this.#made.dispose();
  }
}
