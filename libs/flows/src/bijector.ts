import type * as tf from '@tensorflow/tfjs-core';

import type { TypedConfig } from './config.ts';
import type { NamedVariables } from './parameter.ts';
import type { Random } from './random.ts';

/** The configuration of a bijector: plain JSON, tagged by `type`; everything but the trained values. */
export type BijectorConfig = TypedConfig;

/**
 * What an inverse costs: `parallel` as much as forward, `sequential` one pass per feature, `iterative` a root search to float32
 * precision.
 */
export type InverseCost = 'parallel' | 'sequential' | 'iterative';

/**
 * An invertible map of [n × d] rows, x → z in the normalizing direction. A family is a file with one class that implements this,
 * and a line in bijectors/registry.ts.
 *
 * `context` [n × c] conditions the map and is not transformed. `observed` [n × d] holds 1 where a feature is there and 0 where it is
 * missing: a missing feature enters as 0, leaves as 0, changes nothing else and adds nothing to the log-determinant, so that the
 * map is one of the observed features alone. A bijector that mixes features throws FLOWLINE_FEATURES_INVALID when it is given one.
 */
export interface Bijector {
  readonly config: BijectorConfig;
  readonly inverseCost: InverseCost;
  /** What forward costs; absent: `parallel`. Only the inverses of other maps cost more. */
  readonly forwardCost?: InverseCost;
  /** x [n × d] → z [n × d] and log|det ∂z/∂x| [n]. */
  forwardAndLogDet(
    x: tf.Tensor2D,
    context?: tf.Tensor2D,
    observed?: tf.Tensor2D,
  ): [z: tf.Tensor2D, logDet: tf.Tensor1D];
  /** z [n × d] → x [n × d] and log|det ∂x/∂z| [n]. */
  inverseAndLogDet(
    z: tf.Tensor2D,
    context?: tf.Tensor2D,
    observed?: tf.Tensor2D,
  ): [x: tf.Tensor2D, logDet: tf.Tensor1D];
  /** Where features went, for a bijector that moves them: the observed mask of x → that of z. Absent: they stay in place. */
  moveObserved?(observed: tf.Tensor2D): tf.Tensor2D;
  /** Data-dependent initialisation from a first batch, once (the flag that it is done is in `config`); returns forward(x). */
  initialize?(x: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): tf.Tensor2D;
  /** Trainable parameters; names are stable within the bijector. */
  readonly variables: NamedVariables;
  dispose(): void;
}

/** Makes a bijector from its JSON; `build` makes the parts of a composite one. Weights are drawn from `random`. */
export type BijectorFactory = (
  config: unknown,
  random: Random,
  build: (config: unknown, random: Random) => Bijector,
) => Bijector;
