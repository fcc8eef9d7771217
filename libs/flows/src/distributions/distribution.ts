import type * as tf from '@tensorflow/tfjs-core';

import type { TypedConfig } from '../config.ts';
import type { NamedVariables } from '../parameter.ts';
import type { Random } from '../random.ts';

/** A base distribution over [n × d] latents. */
export interface Distribution {
  readonly config: TypedConfig & { readonly features: number };
  /** log p(z) in nats, [n]; with `observed`, of the observed features only. */
  logProb(z: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): tf.Tensor1D;
  /** Draws n latents, [n × d]. */
  sample(n: number, random: Random, context?: tf.Tensor2D): tf.Tensor2D;
  readonly variables: NamedVariables;
  dispose(): void;
}

/** Builds a distribution from its JSON configuration. */
export type DistributionFactory = (config: unknown, random: Random) => Distribution;
