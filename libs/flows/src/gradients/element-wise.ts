import * as tf from '@tensorflow/tfjs-core';

import type { KernelGradient } from './define.ts';
import { numberAttribute, sumTo } from './define.ts';

const TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);

/** y = f(x), with dx from dy and x. */
const ofInput = (kernelName: string, derivative: (x: tf.Tensor) => tf.Tensor, input = 'x'): KernelGradient => ({
  kernelName,
  inputsToSave: [input],
  gradient: (dy, saved) => ({ [input]: () => tf.mul(dy, derivative(saved.at(0))) }),
});

/** y = f(x), with dx from dy and y. */
const ofOutput = (kernelName: string, derivative: (y: tf.Tensor) => tf.Tensor): KernelGradient => ({
  kernelName,
  saveOutput: true,
  gradient: (dy, saved) => ({ x: () => tf.mul(dy, derivative(saved.at(0))) }),
});

/** y = f(a, b) with broadcasting; each partial gets dy, a and b. */
const ofPair = (
  kernelName: string,
  byA: (dy: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  byB: (dy: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
): KernelGradient => ({
  kernelName,
  inputsToSave: ['a', 'b'],
  gradient: (dy, saved) => ({
    a: () => sumTo(byA(dy, saved.at(0), saved.at(1)), saved.at(0).shape),
    b: () => sumTo(byB(dy, saved.at(0), saved.at(1)), saved.at(1).shape),
  }),
});

/** Constant almost everywhere: the gradient is zero (comparisons, rounding, sign). */
const flat = (kernelName: string, inputs: readonly string[]): KernelGradient => ({
  kernelName,
  inputsToSave: inputs,
  gradient: (_dy, saved) => Object.fromEntries(inputs.map((name, i) => [name, () => tf.zeros(saved.at(i).shape)])),
});

/** Gradients of the element-wise kernels. */
export const elementWiseGradients: readonly KernelGradient[] = [
  ofPair(
    tf.Add,
    (dy) => dy,
    // A clone: where gradients meet, the engine disposes of the summands.
    (dy) => tf.clone(dy),
  ),
  ofPair(
    tf.Sub,
    (dy) => dy,
    (dy) => tf.neg(dy),
  ),
  ofPair(
    tf.Multiply,
    (dy, _a, b) => tf.mul(dy, b),
    (dy, a) => tf.mul(dy, a),
  ),
  ofPair(
    tf.RealDiv,
    (dy, _a, b) => tf.div(dy, b),
    (dy, a, b) => tf.neg(tf.div(tf.mul(dy, a), tf.square(b))),
  ),
  ofPair(
    tf.SquaredDifference,
    (dy, a, b) => tf.mul(dy, tf.mul(2, tf.sub(a, b))),
    (dy, a, b) => tf.mul(dy, tf.mul(2, tf.sub(b, a))),
  ),
  ofPair(
    tf.Maximum,
    (dy, a, b) => tf.mul(dy, tf.cast(tf.greaterEqual(a, b), 'float32')),
    (dy, a, b) => tf.mul(dy, tf.cast(tf.less(a, b), 'float32')),
  ),
  ofPair(
    tf.Minimum,
    (dy, a, b) => tf.mul(dy, tf.cast(tf.lessEqual(a, b), 'float32')),
    (dy, a, b) => tf.mul(dy, tf.cast(tf.greater(a, b), 'float32')),
  ),
  ofPair(
    tf.Pow,
    (dy, a, b) => tf.mul(dy, tf.mul(b, tf.pow(a, tf.sub(b, 1)))),
    (dy, a, b) =>
      tf.mul(dy, tf.mul(tf.pow(a, b), tf.where(tf.greater(a, 0), tf.log(tf.maximum(a, 1e-38)), tf.zerosLike(a)))),
  ),
  {
    kernelName: tf.AddN,
    saveAllInputs: true,
    gradient: (dy, saved) =>
      Object.fromEntries(Array.from({ length: saved.size }, (_, i) => [String(i), () => tf.clone(dy)])),
  },
  {
    kernelName: tf.Select,
    inputsToSave: ['condition'],
    gradient: (dy, saved) => {
      const chosen = () => tf.cast(saved.at(0), 'float32');
      return {
        condition: () => tf.zeros(saved.at(0).shape),
        t: () => tf.mul(dy, chosen()),
        e: () => tf.mul(dy, tf.sub(1, chosen())),
      };
    },
  },
  {
    kernelName: tf.ClipByValue,
    inputsToSave: ['x'],
    gradient: (dy, saved, attributes) => ({
      x: () => {
        const inside = tf.logicalAnd(
          tf.greaterEqual(saved.at(0), numberAttribute(attributes, 'clipValueMin')),
          tf.lessEqual(saved.at(0), numberAttribute(attributes, 'clipValueMax')),
        );
        return tf.mul(dy, tf.cast(inside, 'float32'));
      },
    }),
  },
  {
    kernelName: tf.LeakyRelu,
    inputsToSave: ['x'],
    gradient: (dy, saved, attributes) => ({
      x: () => tf.mul(dy, tf.step(saved.at(0), numberAttribute(attributes, 'alpha'))),
    }),
  },
  { kernelName: tf.Neg, gradient: (dy) => ({ x: () => tf.neg(dy) }) },
  { kernelName: tf.Identity, gradient: (dy) => ({ x: () => tf.clone(dy) }) },
  { kernelName: tf.Cast, gradient: (dy) => ({ x: () => tf.clone(dy) }) },
  ofInput(tf.Abs, (x) => tf.sign(x)),
  ofInput(tf.Square, (x) => tf.mul(2, x)),
  ofInput(tf.Log, (x) => tf.reciprocal(x)),
  ofInput(tf.Log1p, (x) => tf.reciprocal(tf.add(1, x))),
  ofInput(tf.Expm1, (x) => tf.exp(x)),
  ofInput(tf.Relu, (x) => tf.step(x)),
  ofInput(tf.Softplus, (x) => tf.sigmoid(x)),
  ofInput(tf.Sin, (x) => tf.cos(x)),
  ofInput(tf.Cos, (x) => tf.neg(tf.sin(x))),
  ofInput(tf.Atan, (x) => tf.reciprocal(tf.add(1, tf.square(x)))),
  ofInput(tf.Asinh, (x) => tf.rsqrt(tf.add(1, tf.square(x)))),
  ofInput(tf.Erf, (x) => tf.mul(TWO_OVER_SQRT_PI, tf.exp(tf.neg(tf.square(x))))),
  ofOutput(tf.Exp, (y) => y),
  ofOutput(tf.Sqrt, (y) => tf.div(0.5, y)),
  ofOutput(tf.Rsqrt, (y) => tf.mul(-0.5, tf.pow(y, 3))),
  ofOutput(tf.Reciprocal, (y) => tf.neg(tf.square(y))),
  ofOutput(tf.Sigmoid, (y) => tf.mul(y, tf.sub(1, y))),
  ofOutput(tf.Tanh, (y) => tf.sub(1, tf.square(y))),
  ofOutput(tf.Elu, (y) => tf.add(tf.minimum(y, 0), 1)),
  ...[tf.Greater, tf.GreaterEqual, tf.Less, tf.LessEqual, tf.Equal, tf.NotEqual, tf.LogicalAnd, tf.LogicalOr].map(
    (name) => flat(name, ['a', 'b']),
  ),
  ...[
    tf.Floor,
    tf.Ceil,
    tf.Round,
    tf.Sign,
    tf.Step,
    tf.ZerosLike,
    tf.OnesLike,
    tf.LogicalNot,
    tf.IsNan,
    tf.IsFinite,
  ].map((name) => flat(name, ['x'])),
];
