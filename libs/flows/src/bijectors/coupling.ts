import * as tf from '@tensorflow/tfjs-core';

import type { Bijector, BijectorConfig, InverseCost } from '../bijector.ts';
import type { CouplingNetworks } from '../conditioners/coupling-networks.ts';
import { couplingNetwork, readCouplingNetworks } from '../conditioners/coupling-networks.ts';
import type { CouplingNetwork } from '../conditioners/coupling-network.ts';
import type { TypedConfig } from '../config.ts';
import { ConfigReader, unexpected } from '../config.ts';
import { columnScatter, columnSelection, LinearMap } from '../ops/linear-map.ts';
import { masked } from '../ops/masked.ts';
import { squash } from '../ops/squash.ts';
import type { NamedVariables } from '../parameter.ts';
import type { Random } from '../random.ts';
import { zeroedWhere } from '../transformers/parameters.ts';
import { transformerFromConfig } from '../transformers/registry.ts';
import type { Transformer } from '../transformers/transformer.ts';
import { checkOptions, checkValue } from '../options/check-options.ts';
import * as rules from '../options/config-rules.ts';
import { finiteNumber, object, orNull, required } from '../options/rules.ts';

/** Configuration of a {@link Coupling}. */
export interface CouplingConfig extends BijectorConfig {
  readonly type: 'coupling';
  readonly features: number;
  readonly context: number;
  /**
   * Features that condition and pass unchanged, in the order in which the networks see them. The
   * others are transformed.
   */
  readonly conditioning: readonly number[];
  /** The networks see clip·tanh(input / clip); null: the input unclipped. */
  readonly inputClip: number | null;
  readonly networks: CouplingNetworks;
  readonly transformer: TypedConfig;
}

/** Constructor arguments of a {@link Coupling}: its configuration, with the transformer itself. */
export type CouplingOptions = Omit<CouplingConfig, 'type' | 'transformer'> & { readonly transformer: Transformer };

/**
 * A coupling with any transformer (Dinh et al., NICE, 2015): z_a = x_a,
 * z_b = g(x_b; θ(x_a, context)) feature by feature, log|det ∂z/∂x| = Σ log ∂z_b/∂x_b. The affine
 * transformer gives the coupling of Real NVP, z_b = x_b ⊙ exp(s(x_a)) + t(x_a), log|det| = Σ s
 * (Dinh et al., 2017). Each direction costs one pass of the networks and one of the transformer.
 *
 * Parameters: `w0`, `c0`, `b0`, `w1`, … of the shared network. Its outputs are the first parameter
 * of each transformed feature in ascending order, then the second of each, …: [s | t] for the
 * affine transformer. Separate networks have the same names under `scale/` and `shift/`. With
 * nothing to condition on, `w0` sees a column of zeros. For the parameters of a convolutional
 * network see conditioners/coupling-convolution.ts.
 */
export class Coupling implements Bijector {
  readonly config: CouplingConfig;
  readonly inverseCost: InverseCost;
  readonly variables: NamedVariables;
  readonly transformer: Transformer;
  /** Transformed features, ascending. */
  readonly transformed: readonly number[];
  readonly #networks: CouplingNetwork;
  /** Maps that split and merge the features, for a transformer that does not pass zeros. */
  readonly #split: Split | undefined;

  constructor(options: CouplingOptions, random: Random) {
    checkOptions<CouplingOptions>('coupling', options, {
      features: rules.features,
      context: rules.context,
      conditioning: rules.indices,
      inputClip: required(orNull(finiteNumber)),
      networks: required(object),
      transformer: rules.transformer,
    });
    checkValue('coupling.random', random, rules.generator);
    const { features, context, conditioning, networks, transformer } = options;
    this.config = { ...options, type: 'coupling', transformer: transformer.config };
    this.inverseCost = transformer.inverseCost;
    this.transformer = transformer;
    this.transformed = transformedFeatures(features, conditioning);
    const { parametersPerFeature, passesAtZero: passesAll } = transformer;
    this.#networks = couplingNetwork(
      networks,
      { features, context, conditioning, transformed: this.transformed, parametersPerFeature, passesAll },
      random,
    );
    this.variables = this.#networks.variables;
    this.#split = passesAll ? undefined : splitOf(features, conditioning, this.transformed);
  }

  /** Builds one from its JSON configuration. */
  static readonly fromConfig = (json: unknown, random: Random): Coupling => {
    const reader = new ConfigReader(json, 'coupling');
    const options: CouplingOptions = {
      features: reader.integer('features', 1),
      context: reader.integer('context'),
      conditioning: reader.integers('conditioning'),
      inputClip: reader.numberOrNull('inputClip'),
      networks: readCouplingNetworks(reader.object('networks')),
      transformer: transformerFromConfig(reader.field('transformer')),
    };
    return new Coupling(options, random);
  };

  forwardAndLogDet(x: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return this.#coupled('forward', x, context, observed);
  }

  inverseAndLogDet(z: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    // Conditioning features are the same in x and z.
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
      const clip = (input: tf.Tensor2D) => (inputClip === null ? input : squash(input, inputClip));
      const parameters = this.#networks.parametersAt(rows, context, clip);
      if (this.#split === undefined) {
        const [moved, logSlope] = this.transformer[direction](rows, zeroedWhere(parameters, observed));
        return [moved, tf.sum(logSlope, 1)];
      }
      const { transformed, kept, back } = this.#split;
      const mask = observed === undefined ? undefined : transformed.apply(observed);
      const [moved, logSlope] = this.transformer[direction](transformed.apply(rows), parameters);
      return [tf.add(kept.apply(rows), back.apply(masked(moved, mask))), tf.sum(masked(logSlope, mask), 1)];
    });
  }

  dispose(): void {
    for (const map of Object.values(this.#split ?? {})) map.dispose();
    this.#networks.dispose();
  }
}

/** transformed: x → x_b; kept: x → x with zeros for x_b; back: z_b → z with zeros for z_a. */
type Split = Readonly<Record<'transformed' | 'kept' | 'back', LinearMap>>;

function splitOf(features: number, conditioning: readonly number[], transformed: readonly number[]): Split {
  return {
    transformed: columnSelection(features, transformed),
    kept: new LinearMap(
      features,
      features,
      conditioning.map((index) => [index, index, 1]),
    ),
    back: columnScatter(transformed.length, 0, features, transformed),
  };
}

/**
 * Features that a coupling transforms, ascending. Throws FLOWLINE_MODEL_INCOMPATIBLE if
 * `conditioning` does not fit or leaves no feature to transform.
 */
function transformedFeatures(features: number, conditioning: readonly number[]): number[] {
  const conditions = new Set(conditioning);
  const transformed = Array.from({ length: features }, (_, i) => i).filter((i) => !conditions.has(i));
  if (conditions.size !== conditioning.length || conditioning.some((i) => i >= features) || transformed.length === 0) {
    throw unexpected(
      'coupling.conditioning',
      conditioning,
      `distinct features below ${features} that leave at least one to transform`,
    );
  }
  return transformed;
}
