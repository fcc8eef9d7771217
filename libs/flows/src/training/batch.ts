import * as tf from '@tensorflow/tfjs-core';

import { at, missing } from '../at.ts';
import type { Random } from '../random.ts';
import type { Rows } from '../rows.ts';
import type { FitOptions } from './options.ts';

/** Tensors of a batch: x [n × features], and context [n × c] for a flow that has a context. */
export interface Batch {
  readonly x: tf.Tensor2D;
  readonly context?: tf.Tensor2D;
}

/** Fills fixed buffers with noisy, masked rows, so that a step allocates only its tensors. */
export class BatchMaker {
  readonly #x: Float32Array;
  readonly #context: Float32Array;
  readonly #features: number;
  readonly #contextWidth: number;
  readonly #presence: readonly (number | null)[];
  readonly #options: Pick<FitOptions, 'noise' | 'masking'>;
  readonly #random: Random;

  constructor(
    flow: { readonly features: number; readonly context: number; readonly presence: readonly (number | null)[] },
    largestBatch: number,
    options: Pick<FitOptions, 'noise' | 'masking'>,
    random: Random,
  ) {
    this.#features = flow.features;
    this.#contextWidth = flow.context;
    this.#presence = flow.presence;
    this.#x = new Float32Array(largestBatch * flow.features);
    this.#context = new Float32Array(largestBatch * flow.context);
    this.#options = options;
    this.#random = random;
  }

  /** Copies one row to the given place in the batch. */
  readonly put = (rows: Rows, from: number, to: number): void => {
    const [d, c] = [this.#features, this.#contextWidth];
    const { x, context } = rows;
    for (let j = 0; j < d; j++) this.#x[to * d + j] = x[from * d + j] ?? missing(x, from * d + j);
    if (context === undefined) return;
    for (let j = 0; j < c; j++) this.#context[to * c + j] = context[from * c + j] ?? missing(context, from * c + j);
  };

  /**
   * Returns the first `size` rows of the batch, with noise and masking. The caller owns the
   * tensors.
   */
  finish(size: number): Batch {
    this.#addNoise(size);
    this.#mask(size);
    // Copies, because the backend may keep a reference to the array.
    const x = tf.tensor2d(this.#x.slice(0, size * this.#features), [size, this.#features]);
    if (this.#contextWidth === 0) return { x };
    const context = this.#context.slice(0, size * this.#contextWidth);
    return { x, context: tf.tensor2d(context, [size, this.#contextWidth]) };
  }

  #addNoise(size: number): void {
    const { gaussian, uniform } = this.#options.noise ?? {};
    const [x, d] = [this.#x, this.#features];
    for (let j = 0; j < d; j++) {
      const sigma = gaussian === undefined ? 0 : at(gaussian, j);
      const width = uniform === undefined ? 0 : at(uniform, j);
      if (sigma === 0 && width === 0) continue;
      for (let k = j; k < size * d; k += d) {
        let noise = 0;
        if (sigma !== 0) noise += sigma * this.#random.normal();
        if (width !== 0) noise += width * (this.#random.uniform() - 0.5);
        x[k] = (x[k] ?? missing(x, k)) + noise;
      }
    }
  }

  #mask(size: number): void {
    const { features = [], probability = 0 } = this.#options.masking ?? {};
    for (const feature of features) {
      const column = this.#presence[feature];
      if (typeof column !== 'number') continue;
      for (let i = 0; i < size; i++) {
        if (this.#random.uniform() >= probability) continue;
        this.#x[i * this.#features + feature] = 0;
        this.#context[i * this.#contextWidth + column] = 0;
      }
    }
  }
}

/** Frees the tensors of a batch. */
export function disposeBatch({ x, context }: Batch): void {
  x.dispose();
  context?.dispose();
}
