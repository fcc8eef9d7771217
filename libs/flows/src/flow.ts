import * as tf from '@tensorflow/tfjs-core';

import { requireBackend } from './backend.ts';
import type { Bijector, BijectorConfig } from './bijector.ts';
import { bijectorFromConfig } from './bijectors/registry.ts';
import { ConfigReader, unexpected } from './config.ts';
import type { Distribution } from './distributions/distribution.ts';
import { distributionFromConfig } from './distributions/registry.ts';
import { FlowError } from './flow-error.ts';
import type { NamedVariables } from './parameter.ts';
import { prefixed } from './parameter.ts';
import { Presence } from './presence.ts';
import { NoDraws, Random } from './random.ts';
import { assertShape, finite } from './validation.ts';

/** The version of {@link FlowConfig} and of the weights' layout that this release reads and writes. */
export const FLOW_FORMAT_VERSION = 2;

/** A flow without its weights: plain JSON. */
export interface FlowConfig {
  readonly format: 'flowline.flow';
  readonly version: number;
  /** The constructor that made it, e.g. `realNVP`; for people. */
  readonly family: string;
  readonly features: number;
  readonly context: number;
  /** For each feature, the context column that is 1 where it is observed; null: always observed. */
  readonly presence: readonly (number | null)[];
  readonly base: Distribution['config'];
  readonly bijector: BijectorConfig;
}

/** A whole flow: its configuration and, by name, its weights as base64 of little-endian float32. */
export interface FlowJson {
  readonly config: FlowConfig;
  readonly weights: Readonly<Record<string, string>>;
}

/** What a flow is made of. */
export interface FlowParts {
  readonly family: string;
  readonly features: number;
  readonly context: number;
  readonly presence?: readonly (number | null)[];
  readonly base: Distribution;
  readonly bijector: Bijector;
}

/** How to draw samples. */
export interface SampleOptions {
  /** The seed, or a generator that goes on from where it is. */
  readonly seed?: number;
  readonly random?: Random;
  /** [n × c], required when the flow has a context. */
  readonly context?: tf.Tensor2D;
}

/**
 * A normalizing flow: an exact density over [n × features] rows, given [n × context] where it has a context.
 *
 * log p(x) = log p_base(z) + log|det ∂z/∂x| with z = f(x); samples are x = f⁻¹(z). A feature whose presence column is 0 is missing:
 * its value does not matter, and the density is that of the observed features.
 *
 * Tensors that come back belong to the caller: dispose them, or call inside `tf.tidy`. Wrong shapes, NaN, infinity and a context
 * where none was declared throw FLOWLINE_FEATURES_INVALID.
 */
export class Flow {
  readonly features: number;
  readonly context: number;
  readonly presence: readonly (number | null)[];
  /** All trainable parameters by name; names are those in the checkpoint. */
  readonly variables: NamedVariables;
  readonly base: Distribution;
  readonly bijector: Bijector;
  readonly #family: string;
  readonly #presence: Presence | undefined;

  constructor(parts: FlowParts) {
    requireBackend();
    this.features = parts.features;
    this.context = parts.context;
    this.base = parts.base;
    this.bijector = parts.bijector;
    this.presence = parts.presence ?? Array.from({ length: parts.features }, () => null);
    this.#family = parts.family;
    this.#presence = Presence.of(this.presence, parts.features, parts.context);
    this.variables = new Map([
      ...prefixed('bijector', parts.bijector.variables),
      ...prefixed('base', parts.base.variables),
    ]);
  }

  /** log p(x | context) in nats. x [n × features], context [n × c] → [n]. */
  logProb(x: tf.Tensor2D, context?: tf.Tensor2D): tf.Tensor1D {
    return this.#checked('x', x, context, () => this.uncheckedLogProb(x, context));
  }

  /** logProb of rows that are known to be of the right shape and finite; fit checks its data once and then uses this. */
  uncheckedLogProb(x: tf.Tensor2D, context?: tf.Tensor2D): tf.Tensor1D {
    return tf.tidy(() => {
      const observed = this.#presence?.observed(context);
      const [z, logDet] = this.bijector.forwardAndLogDet(this.#present(x, observed), context, observed);
      return tf.add(this.base.logProb(z, context, this.#movedTo(observed)), logDet);
    });
  }

  /** The latent z of each row: x [n × features] → [n × features]. */
  encode(x: tf.Tensor2D, context?: tf.Tensor2D): tf.Tensor2D {
    return this.#checked('x', x, context, () => {
      const observed = this.#presence?.observed(context);
      return this.bijector.forwardAndLogDet(this.#present(x, observed), context, observed)[0];
    });
  }

  /** The row of each latent: z [n × features] → [n × features]. */
  decode(z: tf.Tensor2D, context?: tf.Tensor2D): tf.Tensor2D {
    return this.#checked('z', z, context, () => {
      const observed = this.#presence?.observed(context);
      return this.bijector.inverseAndLogDet(this.#present(z, this.#movedTo(observed)), context, observed)[0];
    });
  }

  /** n rows drawn from the density, [n × features]; missing features come as 0. */
  sample(n: number, options: SampleOptions): tf.Tensor2D {
    return tf.tidy(() => this.sampleAndLogProb(n, options)[0]);
  }

  /** n rows and their log p, at the cost of one inverse: [n × features] and [n]. */
  sampleAndLogProb(n: number, options: SampleOptions): [x: tf.Tensor2D, logProb: tf.Tensor1D] {
    const { context, seed } = options;
    const random = options.random ?? (seed === undefined ? undefined : new Random(seed));
    if (random === undefined) {
      throw new FlowError('FLOWLINE_USAGE', 'sampling needs a seed or a generator', {
        where: 'sample',
        remedy: 'Pass { seed } or { random }: every draw is reproducible.',
      });
    }
    if (!Number.isInteger(n) || n < 1) {
      throw new FlowError('FLOWLINE_USAGE', `n must be a whole number of at least 1, found ${n}`, { where: 'sample' });
    }
    return tf.tidy(() => {
      this.#checkContext(n, context);
      const observed = this.#presence?.observed(context);
      const movedMask = this.#movedTo(observed);
      const z = this.#present(this.base.sample(n, random, context), movedMask);
      const [x, logDet] = this.bijector.inverseAndLogDet(z, context, observed);
      const logProb: tf.Tensor1D = tf.sub(this.base.logProb(z, context, movedMask), logDet);
      return [x, logProb];
    });
  }

  /** Data-dependent initialisation (ActNorm) from a first batch; done once, later calls change nothing. */
  initialize(x: tf.Tensor2D, context?: tf.Tensor2D): void {
    if (this.bijector.initialize === undefined) return;
    tf.tidy(() => {
      const observed = this.#presence?.observed(context);
      this.bijector.initialize?.(this.#present(x, observed), context, observed);
    });
  }

  /** The number of trainable values. */
  get parameterCount(): number {
    return [...this.variables.values()].reduce((sum, parameter) => sum + parameter.size, 0);
  }

  /** The configuration, without weights. */
  get config(): FlowConfig {
    return {
      format: 'flowline.flow',
      version: FLOW_FORMAT_VERSION,
      family: this.#family,
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

  /** The flow that `toJSON` described; it scores the same bit for bit. Throws FLOWLINE_MODEL_INCOMPATIBLE or FLOWLINE_MODEL_CORRUPTED. */
  static fromJSON(json: unknown): Flow {
    const reader = new ConfigReader(json, 'flow');
    const weights = reader.object('weights');
    const flow = Flow.fromConfig(reader.field('config'), new NoDraws());
    flow.assign((name) => fromBase64(weights.string(name), weights.at(name)));
    return flow;
  }

  /** A flow of that configuration, with weights drawn from the seed or the generator. Throws FLOWLINE_MODEL_INCOMPATIBLE where it does not fit. */
  static fromConfig(json: unknown, seed: number | Random = 0): Flow {
    requireBackend();
    const reader = new ConfigReader(json, 'config');
    if (reader.field('format') !== 'flowline.flow') {
      throw unexpected(reader.at('format'), reader.field('format'), "'flowline.flow'");
    }
    if (reader.field('version') !== FLOW_FORMAT_VERSION) {
      throw unexpected(reader.at('version'), reader.field('version'), `version ${FLOW_FORMAT_VERSION}`);
    }
    const presence = reader.list('presence').map((column, i) => {
      if (column !== null && typeof column !== 'number')
        throw unexpected(`config.presence[${i}]`, column, 'a column or null');
      return column;
    });
    const random = typeof seed === 'number' ? new Random(seed) : seed;
    const features = reader.integer('features', 1);
    const base = distributionFromConfig(reader.field('base'), random);
    if (base.config.features !== features)
      throw unexpected('config.base.features', base.config.features, String(features));
    return new Flow({
      family: reader.string('family'),
      features,
      context: reader.integer('context'),
      presence,
      base,
      bijector: bijectorFromConfig(reader.field('bijector'), random),
    });
  }

  /** Replaces every parameter by what `values` gives for its name, row-major. */
  assign(values: (name: string, shape: readonly number[]) => Float32Array): void {
    for (const [name, parameter] of this.variables) parameter.assign(values(name, parameter.shape));
  }

  /** Frees the tensors of the flow; it cannot be used afterwards. */
  dispose(): void {
    this.base.dispose();
    this.bijector.dispose();
    this.#presence?.dispose();
  }

  /** Rows with 0 where a feature is missing, whatever was there. */
  #present(rows: tf.Tensor2D, observed: tf.Tensor2D | undefined): tf.Tensor2D {
    return observed === undefined ? rows : tf.where(tf.greater(observed, 0.5), rows, tf.zerosLike(rows));
  }

  #movedTo(observed: tf.Tensor2D | undefined): tf.Tensor2D | undefined {
    return observed === undefined ? undefined : (this.bijector.moveObserved?.(observed) ?? observed);
  }

  #checked<T extends tf.Tensor>(name: string, rows: tf.Tensor2D, context: tf.Tensor2D | undefined, run: () => T): T {
    assertShape(rows, [null, this.features], name);
    return tf.tidy(() => {
      this.#checkContext(rows.shape[0], context);
      finite(this.#present(rows, this.#presence?.observed(context)), name);
      return run();
    });
  }

  #checkContext(rows: number, context: tf.Tensor2D | undefined): void {
    if (this.context === 0 && context !== undefined) {
      throw new FlowError(
        'FLOWLINE_FEATURES_INVALID',
        `found a context of shape [${context.shape.join(', ')}], expected none`,
        {
          where: 'context',
          remedy: 'Declare it when the flow is made: { context: columns }.',
        },
      );
    }
    if (this.context === 0) return;
    if (context === undefined) {
      throw new FlowError('FLOWLINE_FEATURES_INVALID', `found no context, expected [${rows}, ${this.context}]`, {
        where: 'context',
      });
    }
    assertShape(context, [rows, this.context], 'context');
    finite(context, 'context');
  }
}

function toBase64(values: Float32Array): string {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => bytes.writeFloatLE(value, 4 * i));
  return bytes.toString('base64');
}

function fromBase64(text: string, where: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length % 4 !== 0 || bytes.toString('base64') !== text) {
    throw new FlowError('FLOWLINE_MODEL_CORRUPTED', 'found text that is not base64 of float32 values', { where });
  }
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
}
