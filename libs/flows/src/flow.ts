import * as tf from '@tensorflow/tfjs-core';

import { asTensor, mapRows } from './array-rows.ts';
import { requireBackend } from './backend.ts';
import type { Bijector } from './bijector.ts';
import { ConfigReader } from './config.ts';
import type { Distribution } from './distributions/distribution.ts';
import { FLOW_FORMAT_VERSION, fromBase64, partsFromConfig, toBase64 } from './flow-config.ts';
import type { FlowConfig, FlowJson, FlowParts } from './flow-config.ts';
import { contextOf } from './flow-context.ts';
import { FlowError } from './flow-error.ts';
import type { OptionRules } from './options/check-options.ts';
import { checkOptions, checkValue } from './options/check-options.ts';
import {
  distribution,
  finiteNumber,
  listOf,
  object,
  orNull,
  required,
  text,
  whole,
  withMethods,
} from './options/rules.ts';
import type { NamedVariables } from './parameter.ts';
import { prefixed } from './parameter.ts';
import { Presence } from './presence.ts';
import { NoDraws, Random } from './random.ts';
import { describe } from './repr.ts';
import type { NumberRows } from './rows.ts';
import { toArrays } from './rows.ts';
import { assertShape, finite } from './validation.ts';

/** Options for drawing samples. */
export interface SampleOptions {
  /** Seed, or a generator whose sequence continues. */
  readonly seed?: number;
  readonly random?: Random;
  /** [n × c], required if the flow has a context. */
  readonly context?: tf.Tensor2D | NumberRows;
}

/**
 * A normalizing flow: an exact density over [n × features] rows, conditional on [n × context] if it
 * has a context.
 *
 * log p(x) = log p_base(z) + log|det ∂z/∂x| with z = f(x); samples are x = f⁻¹(z). A feature whose
 * presence column is 0 is missing: its value is ignored, and the density is that of the observed
 * features.
 *
 * Rows are tensors or arrays, number[][]. Returned tensors belong to the caller: dispose them, or
 * call inside `tf.tidy`; `sampleRows`, `encodeRows` and `decodeRows` return arrays instead. Wrong
 * shapes, NaN, infinity, and a context for a flow without one throw FLOWLINE_FEATURES_INVALID.
 * `String(flow)` is one line with family, size and parameters.
 */
export class Flow {
  readonly features: number;
  readonly context: number;
  readonly presence: readonly (number | null)[];
  /** All trainable parameters by name; the names are those in the checkpoint. */
  readonly variables: NamedVariables;
  readonly base: Distribution;
  readonly bijector: Bijector;
  /** Name of the constructor, e.g. `realNVP`. */
  readonly family: string;
  readonly #presence: Presence | undefined;

  constructor(parts: FlowParts) {
    checkOptions<FlowParts>('Flow', parts, PARTS);
    requireBackend();
    this.features = parts.features;
    this.context = parts.context;
    this.base = parts.base;
    this.bijector = parts.bijector;
    this.presence = parts.presence ?? Array.from({ length: parts.features }, () => null);
    this.family = parts.family;
    this.#presence = Presence.of(this.presence, parts.features, parts.context);
    this.variables = new Map([
      ...prefixed('bijector', parts.bijector.variables),
      ...prefixed('base', parts.base.variables),
    ]);
  }

  /** log p(x | context) in nats. x [n × features], context [n × c] → [n]. */
  logProb(x: tf.Tensor2D | NumberRows, context?: tf.Tensor2D | NumberRows): tf.Tensor1D {
    return this.#checked('x', x, context, (rows, given) => this.uncheckedLogProb(rows, given));
  }

  /**
   * logProb of rows that are known to have the right shape and to be finite. fit checks its data
   * once and then uses this.
   */
  uncheckedLogProb(x: tf.Tensor2D, context?: tf.Tensor2D): tf.Tensor1D {
    return tf.tidy(() => {
      const observed = this.#presence?.observed(context);
      const [z, logDet] = this.bijector.forwardAndLogDet(this.#present(x, observed), context, observed);
      return tf.add(this.base.logProb(z, context, this.#movedTo(observed)), logDet);
    });
  }

  /** Latents z of rows: x [n × features] → [n × features]. */
  encode(x: tf.Tensor2D | NumberRows, context?: tf.Tensor2D | NumberRows): tf.Tensor2D {
    return this.#checked('x', x, context, (rows, given) => {
      const observed = this.#presence?.observed(given);
      return this.bijector.forwardAndLogDet(this.#present(rows, observed), given, observed)[0];
    });
  }

  /** {@link Flow.encode} for arrays: one array per row in and out; leaves no tensors. */
  encodeRows(x: NumberRows, context?: NumberRows): number[][] {
    return mapRows(this, { rows: x, context, where: 'x' }, (rows, given) => this.encode(rows, given));
  }

  /** Rows of latents: z [n × features] → [n × features]. */
  decode(z: tf.Tensor2D | NumberRows, context?: tf.Tensor2D | NumberRows): tf.Tensor2D {
    return this.#checked('z', z, context, (rows, given) => {
      const observed = this.#presence?.observed(given);
      return this.bijector.inverseAndLogDet(this.#present(rows, this.#movedTo(observed)), given, observed)[0];
    });
  }

  /**
   * {@link Flow.decode} for arrays: one array per latent in, one per row out; leaves no tensors.
   */
  decodeRows(z: NumberRows, context?: NumberRows): number[][] {
    return mapRows(this, { rows: z, context, where: 'z' }, (rows, given) => this.decode(rows, given));
  }

  /** Draws n rows from the density, [n × features]; missing features are 0. */
  sample(n: number, options: SampleOptions): tf.Tensor2D {
    return tf.tidy(() => this.sampleAndLogProb(n, options)[0]);
  }

  /**
   * {@link Flow.sample} for arrays: n rows, one array each; leaves no tensors. The same seed gives
   * the same rows as `sample`.
   *
   * ```ts
   * const rows: number[][] = flow.sampleRows(3, { seed: 7 });
   * ```
   */
  sampleRows(n: number, options: SampleOptions): number[][] {
    return toArrays(
      tf.tidy(() => this.sample(n, options).dataSync()),
      this.features,
    );
  }

  /** Draws n rows with their log p at the cost of one inverse: [n × features] and [n]. */
  sampleAndLogProb(n: number, options: SampleOptions): [x: tf.Tensor2D, logProb: tf.Tensor1D] {
    checkOptions<SampleOptions>('sample', options, SAMPLING);
    checkValue('sample.n', n, whole(1));
    const { seed } = options;
    const random = options.random ?? (seed === undefined ? undefined : new Random(seed));
    if (random === undefined) {
      throw new FlowError('FLOWLINE_USAGE', 'sampling needs a seed or a generator', {
        where: 'sample',
        remedy: 'Pass { seed } or { random }: every draw is reproducible.',
      });
    }
    return tf.tidy(() => {
      const context = contextOf(this.context, n, options.context);
      const observed = this.#presence?.observed(context);
      const movedMask = this.#movedTo(observed);
      const z = this.#present(this.base.sample(n, random, context), movedMask);
      const [x, logDet] = this.bijector.inverseAndLogDet(z, context, observed);
      const logProb: tf.Tensor1D = tf.sub(this.base.logProb(z, context, movedMask), logDet);
      return [x, logProb];
    });
  }

  /**
   * Runs the data-dependent initialisation (ActNorm) on a first batch. Only the first call has an
   * effect.
   */
  initialize(x: tf.Tensor2D, context?: tf.Tensor2D): void {
    if (this.bijector.initialize === undefined || this.bijector.dependsOnData === false) return;
    tf.tidy(() => {
      const observed = this.#presence?.observed(context);
      this.bijector.initialize?.(this.#present(x, observed), context, observed);
    });
  }

  /** Number of trainable values. */
  get parameterCount(): number {
    return [...this.variables.values()].reduce((sum, parameter) => sum + parameter.size, 0);
  }

  /** Configuration, without weights. */
  get config(): FlowConfig {
    return {
      format: 'flowline.flow',
      version: FLOW_FORMAT_VERSION,
      family: this.family,
      features: this.features,
      context: this.context,
      presence: this.presence,
      base: this.base.config,
      bijector: this.bijector.config,
    };
  }

  /** Configuration and weights as plain JSON; `JSON.stringify(flow)` calls it. */
  toJSON(): FlowJson {
    const weights = [...this.variables].map(([name, parameter]): [string, string] => [
      name,
      toBase64(parameter.read()),
    ]);
    return { config: this.config, weights: Object.fromEntries(weights) };
  }

  /**
   * Restores the flow that `toJSON` described; its scores are the same bit for bit. Throws
   * FLOWLINE_MODEL_INCOMPATIBLE or FLOWLINE_MODEL_CORRUPTED.
   */
  static fromJSON(json: unknown): Flow {
    const reader = new ConfigReader(json, 'flow');
    const weights = reader.object('weights');
    const flow = Flow.fromConfig(reader.field('config'), new NoDraws());
    flow.assign((name) => fromBase64(weights.string(name), weights.at(name)));
    return flow;
  }

  /**
   * Builds a flow from a configuration, with weights drawn from the seed or the generator. Throws
   * FLOWLINE_MODEL_INCOMPATIBLE for a configuration that does not fit.
   */
  static fromConfig(json: unknown, seed: number | Random = 0): Flow {
    requireBackend();
    return new Flow(partsFromConfig(json, typeof seed === 'number' ? new Random(seed) : seed));
  }

  /** Sets every parameter to the values that `values` returns for its name, row-major. */
  assign(values: (name: string, shape: readonly number[]) => Float32Array): void {
    for (const [name, parameter] of this.variables) parameter.assign(values(name, parameter.shape));
  }

  /** Frees the tensors of the flow. It cannot be used afterwards. */
  dispose(): void {
    this.base.dispose();
    this.bijector.dispose();
    this.#presence?.dispose();
  }

  /** Rows with 0 where a feature is missing, whatever its value. */
  #present(rows: tf.Tensor2D, observed: tf.Tensor2D | undefined): tf.Tensor2D {
    return observed === undefined ? rows : tf.where(tf.greater(observed, 0.5), rows, tf.zerosLike(rows));
  }

  #movedTo(observed: tf.Tensor2D | undefined): tf.Tensor2D | undefined {
    return observed === undefined ? undefined : (this.bijector.moveObserved?.(observed) ?? observed);
  }

  /** One-line description, e.g. `Flow(realNVP, 2 features, 4 layers, 4,760 parameters)`. */
  toString(): string {
    const { family, features, context, parameterCount: parameters } = this;
    return describe({ family, features, context, bijector: this.bijector.config, parameters });
  }

  /** Text for `console.log` and `util.inspect`: the same line. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  #checked<T extends tf.Tensor>(
    name: string,
    given: tf.Tensor2D | NumberRows,
    givenContext: tf.Tensor2D | NumberRows | undefined,
    run: (rows: tf.Tensor2D, context: tf.Tensor2D | undefined) => T,
  ): T {
    return tf.tidy(() => {
      const rows = asTensor(given, this.features, name);
      assertShape(rows, [null, this.features], name);
      const context = contextOf(this.context, rows.shape[0], givenContext);
      finite(this.#present(rows, this.#presence?.observed(context)), name);
      return run(rows, context);
    });
  }
}

const PARTS: OptionRules<FlowParts> = {
  family: required(text),
  features: required(whole(1)),
  context: required(whole(0)),
  presence: listOf('context columns or null', orNull(whole(0))),
  base: required(distribution),
  bijector: required(withMethods('a Bijector', 'forwardAndLogDet', 'inverseAndLogDet', 'dispose')),
};

const SAMPLING: OptionRules<SampleOptions> = {
  seed: finiteNumber,
  random: withMethods('a Random', 'normal', 'uniform', 'normals'),
  context: { expected: 'a tensor or number[][]', holds: (value) => Array.isArray(value) || object.holds(value) },
};
