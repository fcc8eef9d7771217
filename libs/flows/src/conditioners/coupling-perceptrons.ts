import * as tf from '@tensorflow/tfjs-core';

import type { ConfigReader } from '../config.ts';
import { unexpected } from '../config.ts';
import type { LinearMap } from '../ops/linear-map.ts';
import { columnScatter, columnSelection } from '../ops/linear-map.ts';
import type { NamedVariables } from '../parameter.ts';
import { prefixed } from '../parameter.ts';
import type { Random } from '../random.ts';
import { inParts, parameterMajor } from '../transformers/parameters.ts';
import type { TransformerParameters } from '../transformers/transformer.ts';
import type { CouplingNetwork, CouplingNetworkOptions } from './coupling-network.ts';
import type { MlpConfig } from './mlp.ts';
import { Mlp, readMlpConfig } from './mlp.ts';

/**
 * `shared`: one perceptron for all parameters of a coupling's transformer. `separate`: one for the
 * log-scale s and one for the shift t of an affine transformer, as in the paper.
 */
export type PerceptronsConfig =
  | { readonly kind: 'shared'; readonly net: MlpConfig }
  | { readonly kind: 'separate'; readonly scale: MlpConfig; readonly shift: MlpConfig };

/** Reads a {@link PerceptronsConfig}. */
export function readPerceptronsConfig(reader: ConfigReader): PerceptronsConfig {
  return reader.oneOf('kind', ['shared', 'separate']) === 'shared'
    ? { kind: 'shared', net: readMlpConfig(reader.object('net')) }
    : { kind: 'separate', scale: readMlpConfig(reader.object('scale')), shift: readMlpConfig(reader.object('shift')) };
}

/**
 * Perceptrons of a coupling, from the conditioning features to the parameters of the transformed
 * ones.
 */
export class CouplingPerceptrons implements CouplingNetwork {
  readonly variables: NamedVariables;
  readonly #select: LinearMap;
  readonly #nets: readonly [Mlp, ...Mlp[]];
  readonly #width: number;
  /**
   * Per parameter, a map from the networks' outputs to all features. Empty if only the transformed
   * features are wanted.
   */
  readonly #toFeatures: readonly LinearMap[];

  constructor(networks: PerceptronsConfig, options: CouplingNetworkOptions, random: Random) {
    const { features, context, conditioning, transformed, parametersPerFeature: p, passesAll } = options;
    const m = transformed.length;
    this.#width = m;
    this.#select = columnSelection(features, conditioning);
    const made = (net: MlpConfig, outputs: number) =>
      new Mlp(Math.max(1, conditioning.length), context, outputs, net, random);
    if (networks.kind === 'shared') {
      const net = made(networks.net, p * m);
      this.#nets = [net];
      this.variables = net.variables;
    } else {
      if (p !== 2)
        throw unexpected('coupling.networks.kind', networks.kind, "'shared', as the transformer is not affine");
      const [scale, shift] = [made(networks.scale, m), made(networks.shift, m)];
      this.#nets = [scale, shift];
      this.variables = new Map([...prefixed('scale', scale.variables), ...prefixed('shift', shift.variables)]);
    }
    this.#toFeatures = Array.from({ length: passesAll ? p : 0 }, (_, i) =>
      columnScatter(p * m, i * m, features, transformed),
    );
  }

  parametersAt(
    rows: tf.Tensor2D,
    context: tf.Tensor2D | undefined,
    clip: (input: tf.Tensor2D) => tf.Tensor2D,
  ): TransformerParameters {
    const inputs = clip(this.#select.apply(rows));
    const clippedContext = context === undefined ? undefined : clip(context);
    const [first, ...others] = this.#nets;
    const outputsOf = (net: Mlp) => net.apply(inputs, clippedContext);
    const outputs =
      others.length === 0 ? outputsOf(first) : tf.concat2d([outputsOf(first), ...others.map(outputsOf)], 1);
    if (this.#toFeatures.length === 0) return parameterMajor(outputs, this.#width);
    return inParts(this.#toFeatures.map((map) => map.apply(outputs)));
  }

  dispose(): void {
    this.#select.dispose();
    for (const net of this.#nets) net.dispose();
    for (const map of this.#toFeatures) map.dispose();
  }
}
