import type * as tf from '@tensorflow/tfjs-core';

import type { NamedVariables } from '../parameter.ts';
import type { TransformerParameters } from '../transformers/transformer.ts';

/** Dimensions that the networks of a coupling work on. */
export interface CouplingNetworkOptions {
  readonly features: number;
  readonly context: number;
  readonly conditioning: readonly number[];
  readonly transformed: readonly number[];
  readonly parametersPerFeature: number;
  /**
   * True: outputs parameters for all features, zeros for the conditioning ones. False: for the
   * transformed features only.
   */
  readonly passesAll: boolean;
}

/**
 * Network from the conditioning features of a coupling to the parameters of the transformed ones.
 */
export interface CouplingNetwork {
  readonly variables: NamedVariables;
  /** rows [n × d] and context [n × c], both passed through `clip` → the parameters. */
  parametersAt(
    rows: tf.Tensor2D,
    context: tf.Tensor2D | undefined,
    clip: (input: tf.Tensor2D) => tf.Tensor2D,
  ): TransformerParameters;
  dispose(): void;
}
