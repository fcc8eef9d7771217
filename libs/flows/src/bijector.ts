import type * as tf from '@tensorflow/tfjs-core';

import type { TypedConfig } from './config.ts';
import type { NamedVariables } from './parameter.ts';
import type { Random } from './random.ts';

/**
 * Configuration of a bijector: plain JSON, tagged by `type`; everything except the trained values.
 */
export type BijectorConfig = TypedConfig;

/**
 * Cost of an inverse: `parallel` costs as much as forward, `sequential` one pass per feature,
 * `iterative` a root search to float32 precision.
 */
export type InverseCost = 'parallel' | 'sequential' | 'iterative';

/**
 * An invertible map of [n × d] rows, x → z in the normalizing direction. To add one, write a file
 * with a class that implements this interface, and a line in bijectors/registry.ts.
 *
 * `context` [n × c] conditions the map and is not transformed. `observed` [n × d] is 1 where a
 * feature is observed and 0 where it is missing. A missing feature enters as 0, leaves as 0,
 * affects nothing else and adds nothing to the log-determinant, so the map is a function of the
 * observed features alone. A bijector that mixes features throws FLOWLINE_FEATURES_INVALID if
 * `observed` is given.
 */
export interface Bijector {
  readonly config: BijectorConfig;
  readonly inverseCost: InverseCost;
  /** Cost of forward; absent: `parallel`. Only inverted bijectors cost more. */
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
  /**
   * For a bijector that moves features: the observed mask of x → that of z. Absent: features stay
   * in place.
   */
  moveObserved?(observed: tf.Tensor2D): tf.Tensor2D;
  /**
   * Data-dependent initialisation from a first batch. Runs once (`config` holds the flag); returns
   * forward(x).
   */
  initialize?(x: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): tf.Tensor2D;
  /** False if `initialize` sets nothing and may be left out. Absent: it may set something. */
  readonly dependsOnData?: boolean;
  /** Trainable parameters; names are stable within the bijector. */
  readonly variables: NamedVariables;
  dispose(): void;
}

/**
 * Builds a bijector from its JSON configuration; `build` builds the parts of a composite one.
 * Initial weights are drawn from `random`.
 */
export type BijectorFactory = (
  config: unknown,
  random: Random,
  build: (config: unknown, random: Random) => Bijector,
) => Bijector;
