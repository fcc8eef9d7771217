import * as tf from '@tensorflow/tfjs-core';

import { FlowError } from '../flow-error.ts';

type Attributes = Readonly<Record<string, unknown>>;

/**
 * Gradient of a kernel: the tensors of the forward pass to save, and a map from dy to the gradient
 * of every input by name.
 */
export interface KernelGradient {
  readonly kernelName: string;
  readonly inputsToSave?: readonly string[];
  readonly saveAllInputs?: boolean;
  readonly saveOutput?: boolean;
  gradient(dy: tf.Tensor, saved: Saved, attributes: Attributes): Readonly<Record<string, () => tf.Tensor>>;
}

/** Saved tensors of a kernel: its saved inputs in order, then its output. */
export class Saved {
  readonly #tensors: readonly tf.Tensor[];

  constructor(tensors: readonly tf.Tensor[]) {
    this.#tensors = tensors;
  }

  get size(): number {
    return this.#tensors.length;
  }

  at(i: number): tf.Tensor {
    const tensor = this.#tensors[i];
    if (tensor === undefined)
      throw new FlowError('FLOWLINE_USAGE', `a gradient needs saved tensor ${i}, which is not there`);
    return tensor;
  }
}

/** Registers a gradient. */
export function defineGradient(definition: KernelGradient): void {
  tf.registerGradient({
    kernelName: definition.kernelName,
    ...(definition.inputsToSave === undefined ? {} : { inputsToSave: [...definition.inputsToSave] }),
    ...(definition.saveAllInputs === undefined ? {} : { saveAllInputs: definition.saveAllInputs }),
    ...(definition.saveOutput === true ? { outputsToSave: [true] } : {}),
    gradFunc: (dy, saved, attributes) =>
      definition.gradient(Array.isArray(dy) ? tf.stack(dy) : dy, new Saved(saved), attributes),
  });
}

/** Numeric attribute of a kernel. */
export function numberAttribute(attributes: Attributes, name: string): number {
  const value = attributes[name];
  if (typeof value !== 'number') throw new FlowError('FLOWLINE_USAGE', `kernel attribute ${name} is not a number`);
  return value;
}

/** List attribute of a kernel; a single number becomes a list of one. */
export function listAttribute(attributes: Attributes, name: string): number[] {
  const value = attributes[name];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const numbers = list.filter((item) => typeof item === 'number');
  if (numbers.length === list.length) return numbers;
  throw new FlowError('FLOWLINE_USAGE', `kernel attribute ${name} is not a list of numbers`);
}

/** dy summed over the axes along which `shape` was broadcast. */
export function sumTo(dy: tf.Tensor, shape: number[]): tf.Tensor {
  if (tf.util.arraysEqual(dy.shape, shape)) return dy;
  const [rows = 1, columns = 1] = dy.shape;
  const isRow = shape.at(-1) === columns && (shape.length === 1 || (shape.length === 2 && shape[0] === 1));
  if (dy.rank === 2 && isRow) {
    // On wasm a product with ones sums columns some five times faster than a transpose and a sum.
    return tf.reshape(tf.matMul(tf.ones([1, rows]), tf.reshape(dy, [rows, columns])), shape);
  }
  const axes = tf.broadcast_util.getReductionAxes(shape, dy.shape);
  return tf.reshape(axes.length > 0 ? tf.sum(dy, axes) : dy, shape);
}
