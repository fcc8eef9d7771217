import * as tf from '@tensorflow/tfjs-core';

import type { Activation } from '../conditioners/activation.ts';
import { activate, derivativeAt } from '../conditioners/activation.ts';
import { columnSums, fusedProduct } from './dense.ts';
import { withGradient } from './with-gradient.ts';

/** Tensors of a perceptron. The last layer is linear, the others are activated. */
export interface DenseStack {
  /** [n × k]. */
  readonly inputs: tf.Tensor2D;
  /** [n × c], which enters the first layer through contextKernel [c × m]. */
  readonly context?: tf.Tensor2D;
  readonly contextKernel?: tf.Variable<tf.Rank.R2>;
  /** Kernels [k × m] and biases [m]: variables, which outlive the forward pass. */
  readonly layers: readonly { readonly kernel: tf.Variable<tf.Rank.R2>; readonly bias: tf.Variable<tf.Rank.R1> }[];
  readonly activation: Activation;
  /** Adds the input of an activated layer to its output if the widths agree. */
  readonly residual: boolean;
}

/**
 * A whole perceptron as one op with one gradient, [n × k] → [n × outputs]. It dispatches a third of
 * the kernels that separate layers would. The gradient transposes explicitly: on wasm a product
 * without transpose flags is ten times faster than one with them.
 */
export function denseStack(stack: DenseStack): tf.Tensor2D {
  const { inputs, context, contextKernel, layers } = stack;
  const weights = layers.flatMap(({ kernel, bias }): tf.Tensor[] => [kernel, bias]);
  const contextual: tf.Tensor[] = context === undefined || contextKernel === undefined ? [] : [context, contextKernel];
  return withGradient<tf.Tensor2D>([inputs, ...contextual, ...weights], () => {
    const { value, entering, activated } = forward(stack);
    const saved = [...entering, ...activated, ...(context === undefined ? [] : [context])];
    return { value, saved, gradient: (dy, kept) => backward(stack, dy, kept) };
  });
}

function isResidual(stack: DenseStack, layer: number): boolean {
  const kernel = stack.layers[layer]?.kernel;
  return stack.residual && layer < stack.layers.length - 1 && kernel?.shape[0] === kernel?.shape[1];
}

/** Output, input of each layer, and result of each activation (before the residual is added). */
function forward(stack: DenseStack) {
  const { inputs, context, contextKernel, layers, activation } = stack;
  const entering: tf.Tensor2D[] = [];
  const activated: tf.Tensor2D[] = [];
  const value = layers.reduce((h, { kernel, bias }, i) => {
    entering.push(h);
    const isLast = i === layers.length - 1;
    const isContextual = i === 0 && context !== undefined && contextKernel !== undefined;
    const fusesRelu = activation === 'relu' && !isLast && !isContextual;
    let next = fusedProduct(h, kernel, bias, fusesRelu);
    if (isContextual) next = tf.add(next, tf.matMul(context, contextKernel));
    if (isLast) return next;
    if (!fusesRelu) next = activate(activation, next);
    activated.push(next);
    return isResidual(stack, i) ? tf.add(next, h) : next;
  }, inputs);
  return { value, entering, activated };
}

/** Gradients in the order of the op's inputs. */
function backward(stack: DenseStack, dy: tf.Tensor2D, kept: readonly tf.Tensor[]): tf.Tensor[] {
  const { layers, activation, contextKernel } = stack;
  const last = layers.length - 1;
  const weights: tf.Tensor[] = [];
  const contextual: tf.Tensor[] = [];
  let dh = dy;
  for (const [i, { kernel }] of [...layers.entries()].reverse()) {
    const dNext = dh;
    const output = i === last ? undefined : kept[layers.length + i];
    const dProduct: tf.Tensor2D = output === undefined ? dNext : tf.mul(dNext, derivativeAt(activation, output));
    const entered = kept[i];
    if (entered !== undefined) weights.unshift(tf.matMul(tf.transpose(entered), dProduct), columnSums(dProduct));
    const context = kept[layers.length + last];
    if (i === 0 && context !== undefined && contextKernel !== undefined) {
      contextual.push(tf.matMul(dProduct, tf.transpose(contextKernel)), tf.matMul(tf.transpose(context), dProduct));
    }
    dh = tf.matMul(dProduct, tf.transpose(kernel));
    if (isResidual(stack, i)) dh = tf.add(dh, dNext);
  }
  return [dh, ...contextual, ...weights];
}
