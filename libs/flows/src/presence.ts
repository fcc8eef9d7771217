import * as tf from '@tensorflow/tfjs-core';

import { FlowError } from './flow-error.ts';
import { LinearMap } from './ops/linear-map.ts';

/** Observed features of rows, read from the presence columns of their context. */
export class Presence {
  readonly #fromContext: LinearMap;
  readonly #always: tf.Tensor2D;

  private constructor(columns: readonly (number | null)[], context: number) {
    this.#fromContext = new LinearMap(
      context,
      columns.length,
      columns.flatMap((column, feature): [number, number, number][] => (column === null ? [] : [[column, feature, 1]])),
    );
    this.#always = tf.keep(tf.tensor2d([columns.map((column) => (column === null ? 1 : 0))]));
  }

  /**
   * Undefined if every feature is always observed. Throws FLOWLINE_USAGE for a column that the
   * context does not have.
   */
  static of(columns: readonly (number | null)[], features: number, context: number): Presence | undefined {
    const beyond = columns.find(
      (column) => column !== null && !(Number.isInteger(column) && column >= 0 && column < context),
    );
    if (columns.length !== features || beyond !== undefined) {
      throw new FlowError(
        'FLOWLINE_USAGE',
        `presence must name a context column below ${context}, or null, for each of ${features} features; found ${JSON.stringify(columns)}`,
        { where: 'presence' },
      );
    }
    return columns.every((column) => column === null) ? undefined : new Presence(columns, context);
  }

  /** context [n × c] → [n × features], 1 where a feature is observed. */
  observed(context: tf.Tensor2D | undefined): tf.Tensor2D | undefined {
    return context === undefined ? undefined : tf.add(this.#fromContext.apply(context), this.#always);
  }

  dispose(): void {
    this.#fromContext.dispose();
    this.#always.dispose();
  }
}
