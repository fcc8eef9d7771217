import * as tf from '@tensorflow/tfjs-core';

import type { Bijector, BijectorConfig } from '../bijector.ts';
import { ConfigReader } from '../config.ts';
import { masked } from '../ops/masked.ts';
import { Parameter } from '../parameter.ts';
import { checkOptions } from '../options/check-options.ts';
import * as rules from '../options/config-rules.ts';

/** Minimum entry on the diagonal of U. */
const LEAST_DIAGONAL = 1e-3;
/** Raw diagonal entry that maps to 1. */
const DIAGONAL_ONE = Math.log(Math.expm1(1 - LEAST_DIAGONAL));

/** Configuration of an {@link LuLinear}. */
export interface LuLinearConfig extends BijectorConfig {
  readonly type: 'luLinear';
  readonly features: number;
}

/**
 * An invertible linear map in LU form (Kingma and Dhariwal, Glow, 2018; Oliva et al., 2018):
 * z = L·U·x + t, with L unit lower triangular and U upper triangular with a positive diagonal,
 * softplus + 10⁻³; log|det| = Σ log U_jj. After a fixed permutation it acts as a learned, soft
 * permutation. The inverse is a substitution, one small step per feature.
 *
 * Parameters: `factors` [d × d] (L below the diagonal, U above it, the raw diagonal of U on it) and
 * `shift` [d]; initially the identity. With missing features, L and U are restricted to the rows
 * and columns of the observed ones.
 */
export class LuLinear implements Bijector {
  readonly config: LuLinearConfig;
  readonly inverseCost = 'sequential';
  readonly variables: ReadonlyMap<string, Parameter>;
  readonly #factors: Parameter<tf.Rank.R2>;
  readonly #shift: Parameter<tf.Rank.R1>;
  readonly #lower: tf.Tensor2D;
  readonly #upper: tf.Tensor2D;
  readonly #identity: tf.Tensor2D;

  constructor(config: LuLinearConfig) {
    checkOptions<LuLinearConfig>('luLinear', config, { type: rules.tag('luLinear'), features: rules.features });
    this.config = config;
    const d = config.features;
    const mask = (holds: (row: number, column: number) => boolean) =>
      Float32Array.from({ length: d * d }, (_, at) => (holds(Math.floor(at / d), at % d) ? 1 : 0));
    const diagonal = mask((row, column) => row === column);
    this.#factors = new Parameter<tf.Rank.R2>(
      [d, d],
      diagonal.map((one) => one * DIAGONAL_ONE),
    );
    this.#shift = Parameter.zeros<tf.Rank.R1>([d]);
    this.#lower = tf.keep(
      tf.tensor2d(
        mask((row, column) => row > column),
        [d, d],
      ),
    );
    this.#upper = tf.keep(
      tf.tensor2d(
        mask((row, column) => row < column),
        [d, d],
      ),
    );
    this.#identity = tf.keep(tf.tensor2d(diagonal, [d, d]));
    this.variables = new Map<string, Parameter>([
      ['factors', this.#factors],
      ['shift', this.#shift],
    ]);
  }

  /** Builds one from its JSON configuration. */
  static readonly fromConfig = (json: unknown): LuLinear => {
    return new LuLinear({ type: 'luLinear', features: new ConfigReader(json, 'luLinear').integer('features', 1) });
  };

  forwardAndLogDet(x: tf.Tensor2D, _context?: tf.Tensor2D, observed?: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return tf.tidy(() => {
      const { below, above, diagonal } = this.#transposed();
      // Rows are vectors: U·x is x·Uᵀ. Entries of missing features are zeroed after each factor.
      const inner = masked(tf.add(tf.mul(x, diagonal), tf.matMul(x, above)), observed);
      const outer: tf.Tensor2D = tf.add(tf.add(inner, tf.matMul(inner, below)), this.#shift.value);
      return [masked(outer, observed), logDetOf(diagonal, x.shape[0], observed)];
    });
  }

  inverseAndLogDet(z: tf.Tensor2D, _context?: tf.Tensor2D, observed?: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return tf.tidy(() => {
      const { below, above, diagonal } = this.#transposed();
      const features = Array.from({ length: this.config.features }, (_, i) => i);
      const centred = masked(tf.sub(z, this.#shift.value), observed);
      const inner = substituted(centred, below, features, observed);
      // U = (I + M·D⁻¹)·D, so this substitution has a unit diagonal too.
      const scaled: tf.Tensor2D = tf.div(above, tf.reshape(diagonal, [-1, 1]));
      const x: tf.Tensor2D = tf.div(substituted(inner, scaled, features.reverse(), observed), diagonal);
      return [x, tf.neg(logDetOf(diagonal, z.shape[0], observed))];
    });
  }

  /** Transposes of L − I and of U without its diagonal, and that diagonal [1 × d]. */
  #transposed(): { below: tf.Tensor2D; above: tf.Tensor2D; diagonal: tf.Tensor2D } {
    const factors = this.#factors.value;
    const raw = tf.sum(tf.mul(factors, this.#identity), 0, true);
    return {
      below: tf.transpose(tf.mul(factors, this.#lower)),
      above: tf.transpose(tf.mul(factors, this.#upper)),
      diagonal: tf.add(tf.softplus(raw), LEAST_DIAGONAL),
    };
  }

  dispose(): void {
    for (const parameter of this.variables.values()) parameter.dispose();
    for (const mask of [this.#lower, this.#upper, this.#identity]) mask.dispose();
  }
}

/**
 * Row vectors v with v·(I + N) = y for a triangular N [d × d]: solves feature by feature and
 * subtracts each from the remaining ones.
 */
function substituted(y: tf.Tensor2D, n: tf.Tensor2D, order: readonly number[], observed?: tf.Tensor2D): tf.Tensor2D {
  const [rows, d] = y.shape;
  return order.slice(0, -1).reduce((rest, feature) => {
    const done = tf.slice(rest, [0, feature], [rows, 1]);
    return tf.sub(rest, masked(tf.matMul(done, tf.slice(n, [feature, 0], [1, d])), observed));
  }, y);
}

function logDetOf(diagonal: tf.Tensor2D, rows: number, observed?: tf.Tensor2D): tf.Tensor1D {
  const logs = tf.log(diagonal);
  return tf.sum<tf.Tensor1D>(tf.mul(observed ?? tf.ones([rows, 1]), logs), 1);
}
