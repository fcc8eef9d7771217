import { at } from '@flowline/events';

import { BLOCK_QUANTITIES, padded } from './panel.ts';
import type { TrainingPlan } from '../../../plan/training-plan.ts';

const FLOAT_BYTES = 4;
/** Floats of a line of the cache. */
const LINE_FLOATS = 16;

/**
 * Floats between the weights of two outputs. No multiple of a cache line, so that the weights of
 * one input do not all fall into a few sets of the cache.
 */
export const weightStride = (inputs: number): number =>
  padded(inputs) % LINE_FLOATS === 0 && inputs > 0 ? padded(inputs) + BLOCK_QUANTITIES : padded(inputs);

/** Weights of a dense layer in memory: [outputs][weightStride(inputs)]. */
export interface DensePlaces {
  /** Byte offset in the parameter vector. */
  readonly weights: number;
  /**
   * First input and end of the inputs that have weights, per pair of outputs. Null if nearly all
   * have.
   */
  readonly outputRuns: Int32Array | null;
  /** First output and end of the outputs, per pair of inputs. */
  readonly inputRuns: Int32Array | null;
}

/**
 * Order of the parameters in memory. It is not that of the flow: weights lie as the kernels read
 * them, with zeros in between. All parallel vectors (gradient, moments, averages) have this order.
 */
export class ParameterLayout {
  readonly #plan: TrainingPlan;
  readonly #sources: number[] = [];

  constructor(plan: TrainingPlan) {
    this.#plan = plan;
  }

  /** Places the weights [inputs × outputs] of a dense layer. */
  dense(places: Float64Array, inputs: number, outputs: number): DensePlaces {
    const stride = weightStride(inputs);
    const weights = this.#take(stride * padded(outputs), (i) => {
      const [output, input] = [Math.floor(i / stride), i % stride];
      return input < inputs && output < outputs ? at(places, input * outputs + output) : 0;
    });
    return {
      weights,
      outputRuns: runsOf(outputs, inputs, (output, input) => at(places, input * outputs + output) > 0),
      inputRuns: runsOf(inputs, outputs, (input, output) => at(places, input * outputs + output) > 0),
    };
  }

  /** Places a vector and returns its byte offset. */
  vector(places: Float64Array): number {
    return this.#take(padded(places.length), (i) => (i < places.length ? at(places, i) : 0));
  }

  #take(count: number, placeAt: (i: number) => number): number {
    const start = this.#sources.length;
    for (let i = 0; i < count; i++) this.#sources.push(placeAt(i) - 1);
    return start * FLOAT_BYTES;
  }

  /** Number of floats. */
  get length(): number {
    return this.#sources.length;
  }

  /** [length] Parameter of the flow per place in memory, −1 for a constant zero. */
  sources(): Int32Array {
    return Int32Array.from(this.#sources);
  }

  /** [length] 1 where weight decay applies. */
  decay(): Float32Array {
    return Float32Array.from(this.#sources, (source) => (source < 0 ? 0 : at(this.#plan.decay, source)));
  }
}

/** Rows that share a run, and the share of entries below which runs are worth their cost. */
const RUN_ROWS = 2;
const WORTH_TRIMMING = 0.9;

/** First column and end of the columns that hold, per pair of rows. */
const runsOf = (rows: number, columns: number, holds: (row: number, column: number) => boolean): Int32Array | null => {
  let kept = 0;
  const runs = Array.from({ length: Math.ceil(rows / RUN_ROWS) }, (_, pair) => {
    const own = Array.from({ length: Math.min(RUN_ROWS, rows - RUN_ROWS * pair) }, (__, i) => RUN_ROWS * pair + i);
    const held = Array.from({ length: columns }, (__, column) => own.some((row) => holds(row, column)));
    const [first, end] = [held.indexOf(true), held.lastIndexOf(true) + 1];
    kept += own.length * (end - Math.max(first, 0));
    return first < 0 ? [0, 0] : [first, end];
  });
  return kept < WORTH_TRIMMING * rows * columns ? Int32Array.from(runs.flat()) : null;
};
