import type * as tf from '@tensorflow/tfjs-core';

import type { NamedVariables, Parameter } from '../parameter.ts';

/** All parameters of a flow as one flat vector, in the order of the map of names. */
export class FlatParameters {
  /** Current values; `push` writes them to the parameters. */
  readonly values: Float32Array;
  /** Gradient of the last `pull`. */
  readonly gradient: Float32Array;
  /** 1 where weight decay applies. */
  readonly decay: Uint8Array;
  readonly #parts: readonly { readonly parameter: Parameter; readonly begin: number; readonly end: number }[];

  constructor(variables: NamedVariables) {
    let begin = 0;
    this.#parts = [...variables.values()].map((parameter) => {
      const part = { parameter, begin, end: begin + parameter.size };
      begin = part.end;
      return part;
    });
    this.values = new Float32Array(begin);
    this.gradient = new Float32Array(begin);
    this.decay = new Uint8Array(begin);
    for (const part of this.#parts) {
      this.values.set(part.parameter.read(), part.begin);
      this.decay.fill(part.parameter.decay ? 1 : 0, part.begin, part.end);
    }
  }

  /** Variables to differentiate with respect to. */
  get tensors(): tf.Variable[] {
    return this.#parts.map(({ parameter }) => parameter.value);
  }

  /**
   * Copies gradients, by variable name, into the flat gradient and returns its Euclidean norm. A
   * parameter without a gradient gets 0.
   */
  pull(gradients: Readonly<Record<string, tf.Tensor | undefined>>): number {
    let squares = 0;
    for (const { parameter, begin, end } of this.#parts) {
      const values = gradients[parameter.value.name]?.dataSync();
      if (values === undefined) this.gradient.fill(0, begin, end);
      else this.gradient.set(values, begin);
    }
    for (const value of this.gradient) squares += value * value;
    return Math.sqrt(squares);
  }

  /** Writes values to the parameters. */
  push(values: Float32Array = this.values): void {
    for (const { parameter, begin, end } of this.#parts) parameter.assign(values.slice(begin, end));
  }
}
