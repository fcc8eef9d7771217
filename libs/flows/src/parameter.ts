import * as tf from '@tensorflow/tfjs-core';

import { requireBackend } from './backend.ts';
import { FlowError } from './flow-error.ts';
import { checkValue } from './options/check-options.ts';
import { float32, listOf, whole } from './options/rules.ts';

/** Properties of a {@link Parameter} besides its values. */
export interface ParameterOptions {
  /**
   * True if decoupled weight decay applies: for the kernels of conditioners, not for biases, scales
   * and shifts.
   */
  readonly decay?: boolean;
}

/**
 * A trainable array of a bijector or a distribution: a tf.Variable, its shape and its weight decay
 * flag.
 */
export class Parameter<R extends tf.Rank = tf.Rank> {
  readonly shape: tf.ShapeMap[R];
  readonly size: number;
  readonly decay: boolean;
  readonly #variable: tf.Variable<R>;

  /** values: row-major float32 of the given shape. */
  constructor(shape: tf.ShapeMap[R], values: Float32Array, options: ParameterOptions = {}) {
    requireBackend();
    checkValue('Parameter.shape', shape, listOf('whole numbers of at least 0', whole(0)));
    checkValue('Parameter.values', values, float32(tf.util.sizeFromShape(shape)));
    this.shape = shape;
    this.size = values.length;
    this.decay = options.decay ?? false;
    this.#variable = tf.tidy(() => tf.variable(tf.tensor<R>(values, shape)));
  }

  /** A parameter of zeros. */
  static zeros<R extends tf.Rank>(shape: tf.ShapeMap[R], options: ParameterOptions = {}): Parameter<R> {
    return new Parameter<R>(shape, new Float32Array(tf.util.sizeFromShape(shape)), options);
  }

  /** Current values as a tensor, for use in ops; gradients are taken with respect to it. */
  get value(): tf.Variable<R> {
    return this.#variable;
  }

  /** Copy of the current values, row-major. */
  read(): Float32Array {
    return new Float32Array(this.#variable.dataSync());
  }

  /** Replaces the values. Throws FLOWLINE_MODEL_INCOMPATIBLE if the number of values differs. */
  assign(values: Float32Array): void {
    if (values.length !== this.size) {
      throw new FlowError('FLOWLINE_MODEL_INCOMPATIBLE', `found ${values.length} values, expected ${this.size}`, {
        where: `a parameter of shape [${this.shape.join(', ')}]`,
      });
    }
    tf.tidy(() => this.#variable.assign(tf.tensor<R>(values, this.shape)));
  }

  dispose(): void {
    this.#variable.dispose();
  }
}

/**
 * Parameters by name. Names are stable, e.g. `coupling0/w0`, and equal those of the saved tensors.
 */
export type NamedVariables = ReadonlyMap<string, Parameter>;

/** Parameters under a prefix: `w0` becomes `prefix/w0`. */
export function prefixed(prefix: string, variables: NamedVariables): [string, Parameter][] {
  return [...variables].map(([name, parameter]) => [`${prefix}/${name}`, parameter]);
}
