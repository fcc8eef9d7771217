import * as tf from '@tensorflow/tfjs-core';

import { at } from '../at.ts';
import type { KernelGradient } from './define.ts';
import { listAttribute, numberAttribute } from './define.ts';

/** dy reshaped so that the reduced axes are back, with length 1. */
function withReducedAxes(dy: tf.Tensor, shape: number[], axes: readonly number[]): tf.Tensor {
  const kept = shape.slice();
  for (const axis of axes) kept[axis] = 1;
  return tf.reshape(dy, kept);
}

function reductionAxes(attributes: Readonly<Record<string, unknown>>, name: string, x: tf.Tensor): number[] {
  const given = attributes[name];
  return given === null || given === undefined
    ? x.shape.map((_, i) => i)
    : tf.util.parseAxisParam(listAttribute(attributes, name), x.shape);
}

/** Part of dy along an axis that belongs to input i of a concatenation. */
function part(dy: tf.Tensor, saved: { at(i: number): tf.Tensor }, i: number, axis: number): tf.Tensor {
  const begin = dy.shape.map(() => 0);
  for (let j = 0; j < i; j++) begin[axis] = at(begin, axis) + at(saved.at(j).shape, axis);
  return tf.slice(dy, begin, saved.at(i).shape);
}

/**
 * Gradients of the kernels that move, reduce or combine entries. Matrix products transpose
 * explicitly, because wasm is fast only without transpose flags.
 */
export const structuralGradients: readonly KernelGradient[] = [
  {
    kernelName: tf.BatchMatMul,
    inputsToSave: ['a', 'b'],
    gradient: (dy, saved, attributes) => {
      const turn = (x: tf.Tensor) => {
        const order = x.shape.map((_, i) => i);
        order.push(...order.splice(-2).reverse());
        return tf.transpose(x, order);
      };
      const a = () => (attributes.transposeA === true ? turn(saved.at(0)) : saved.at(0));
      const b = () => (attributes.transposeB === true ? turn(saved.at(1)) : saved.at(1));
      return {
        a: () => {
          const plain = tf.matMul(dy, turn(b()));
          return attributes.transposeA === true ? turn(plain) : plain;
        },
        b: () => {
          const plain = tf.matMul(turn(a()), dy);
          return attributes.transposeB === true ? turn(plain) : plain;
        },
      };
    },
  },
  {
    kernelName: tf.Sum,
    inputsToSave: ['x'],
    gradient: (dy, saved, attributes) => ({
      x: () => {
        const x = saved.at(0);
        return tf.mul(withReducedAxes(dy, x.shape, reductionAxes(attributes, 'axis', x)), tf.ones(x.shape));
      },
    }),
  },
  {
    kernelName: tf.Mean,
    inputsToSave: ['x'],
    gradient: (dy, saved, attributes) => ({
      x: () => {
        const x = saved.at(0);
        const axes = reductionAxes(attributes, 'axis', x);
        const share = axes.reduce((product, axis) => product / at(x.shape, axis), 1);
        return tf.mul(withReducedAxes(dy, x.shape, axes), tf.fill(x.shape, share));
      },
    }),
  },
  {
    kernelName: tf.Max,
    inputsToSave: ['x'],
    saveOutput: true,
    gradient: (dy, saved, attributes) => ({
      x: () => {
        const x = saved.at(0);
        const axes = reductionAxes(attributes, 'reductionIndices', x);
        const largest = tf.cast(tf.equal(x, withReducedAxes(saved.at(1), x.shape, axes)), 'float32');
        return tf.mul(withReducedAxes(dy, x.shape, axes), largest);
      },
    }),
  },
  {
    kernelName: tf.Softmax,
    saveOutput: true,
    gradient: (dy, saved, attributes) => ({
      logits: () => {
        const y = saved.at(0);
        const weighted = tf.mul(dy, y);
        return tf.sub(weighted, tf.mul(tf.sum(weighted, numberAttribute(attributes, 'dim'), true), y));
      },
    }),
  },
  {
    kernelName: tf.Cumsum,
    gradient: (dy, _saved, attributes) => ({
      x: () =>
        tf.cumsum(dy, numberAttribute(attributes, 'axis'), attributes.exclusive === true, attributes.reverse !== true),
    }),
  },
  {
    kernelName: tf.Slice,
    inputsToSave: ['x'],
    gradient: (dy, saved, attributes) => ({
      x: () => {
        const begin = listAttribute(attributes, 'begin');
        const shape = saved.at(0).shape;
        return tf.pad(
          dy,
          shape.map((length, i) => {
            const before = begin.at(i) ?? 0;
            return [before, length - before - at(dy.shape, i)];
          }),
        );
      },
    }),
  },
  {
    kernelName: tf.PadV2,
    inputsToSave: ['x'],
    gradient: (dy, saved, attributes) => ({
      x: () => {
        const paddings: unknown = attributes.paddings;
        const begin = Array.isArray(paddings)
          ? paddings.map((pair: unknown) => (Array.isArray(pair) ? Number(pair[0]) : 0))
          : [];
        return tf.slice(dy, begin, saved.at(0).shape);
      },
    }),
  },
  {
    kernelName: tf.Concat,
    saveAllInputs: true,
    gradient: (dy, saved, attributes) => {
      const axis = at(tf.util.parseAxisParam(numberAttribute(attributes, 'axis'), dy.shape), 0);
      return Object.fromEntries(
        Array.from({ length: saved.size }, (_, i) => [String(i), () => part(dy, saved, i, axis)]),
      );
    },
  },
  {
    kernelName: tf.Pack,
    saveAllInputs: true,
    gradient: (dy, saved, attributes) => {
      const axis = numberAttribute(attributes, 'axis');
      return Object.fromEntries(
        Array.from({ length: saved.size }, (_, i) => [
          String(i),
          () => {
            const begin = dy.shape.map((_length, j) => (j === axis ? i : 0));
            const size = dy.shape.map((length, j) => (j === axis ? 1 : length));
            return tf.reshape(tf.slice(dy, begin, size), saved.at(i).shape);
          },
        ]),
      );
    },
  },
  {
    kernelName: tf.Tile,
    inputsToSave: ['x'],
    gradient: (dy, saved, attributes) => ({
      x: () => {
        const shape = saved.at(0).shape;
        const reps = listAttribute(attributes, 'reps');
        const split = shape.flatMap((length, i) => [at(reps, i), length]);
        return tf.reshape(
          tf.sum(
            tf.reshape(dy, split),
            shape.map((_, i) => 2 * i),
          ),
          shape,
        );
      },
    }),
  },
  {
    kernelName: tf.GatherV2,
    inputsToSave: ['x', 'indices'],
    gradient: (dy, saved, attributes) => ({
      x: () => {
        // A product with the one-hot indices: wasm has no kernel for a segment sum.
        const x = saved.at(0);
        const axis = at(tf.util.parseAxisParam(numberAttribute(attributes, 'axis'), x.shape), 0);
        const length = at(x.shape, axis);
        const before = x.shape.slice(0, axis).reduce((product, n) => product * n, 1);
        const after = x.shape.slice(axis + 1).reduce((product, n) => product * n, 1);
        const indices = tf.cast(tf.reshape(saved.at(1), [-1]), 'int32');
        const oneHot = tf.cast(tf.oneHot(indices, length), 'float32');
        const columns = tf.reshape(tf.transpose(tf.reshape(dy, [before, indices.size, after]), [0, 2, 1]), [
          -1,
          indices.size,
        ]);
        const gathered = tf.reshape(tf.matMul(columns, oneHot), [before, after, length]);
        return tf.reshape(tf.transpose(gathered, [0, 2, 1]), x.shape);
      },
      indices: () => tf.zeros(saved.at(1).shape),
    }),
  },
  {
    kernelName: tf.Transpose,
    gradient: (dy, _saved, attributes) => ({
      x: () => {
        const order = listAttribute(attributes, 'perm');
        return tf.transpose(dy, tf.backend_util.getUndoAxesPermutation(order));
      },
    }),
  },
  {
    kernelName: tf.Reverse,
    gradient: (dy, _saved, attributes) => ({ x: () => tf.reverse(dy, listAttribute(attributes, 'dims')) }),
  },
  {
    kernelName: tf.Reshape,
    inputsToSave: ['x'],
    gradient: (dy, saved) => ({ x: () => tf.reshape(dy, saved.at(0).shape) }),
  },
  {
    kernelName: tf.ExpandDims,
    inputsToSave: ['input'],
    gradient: (dy, saved) => ({ input: () => tf.reshape(dy, saved.at(0).shape) }),
  },
];
