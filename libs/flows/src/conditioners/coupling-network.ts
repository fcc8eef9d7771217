import type * as tf from '@tensorflow/tfjs-core';

import type { NamedVariables } from '../parameter.ts';
import type { TransformerParameters } from '../transformers/transformer.ts';

/** What the networks of a coupling work on. */
export interface CouplingNetworkOptions {
  readonly features: number;
  readonly context: number;
  readonly conditioning: readonly number[];
  readonly transformed: readonly number[];
  readonly parametersPerFeature: number;
  /** Parameters for all features, zeros for those that condition; otherwise for the transformed ones alone. */
  readonly passesAll: boolean;
}

/** From the features of a coupling that condition to the parameters of those that are transformed. */
export interface CouplingNetwork {
  readonly variables: NamedVariables;
  /** rows [n × d] and context [n × c], which the networks see through `clip` → the parameters. */
  parametersAt(
    rows: tf.Tensor2D,
    context: tf.Tensor2D | undefined,
    clip: (input: tf.Tensor2D) => tf.Tensor2D,
  ): TransformerParameters;
  dispose(): void;
}
