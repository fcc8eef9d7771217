import * as tf from '@tensorflow/tfjs-core';

import { at } from '../at.ts';
import type { Flow } from '../flow.ts';
import { Random } from '../random.ts';

/**
 * log|det| of a square matrix given by its rows, by Gaussian elimination with partial pivoting in
 * float64.
 */
function logAbsDeterminant(matrix: readonly (readonly number[])[]): number {
  let rows = matrix.map((row) => [...row]);
  let total = 0;
  while (rows.length > 0) {
    rows.sort(([a = 0], [b = 0]) => Math.abs(b) - Math.abs(a));
    const [[pivot = 0, ...rest] = [], ...below] = rows;
    total += Math.log(Math.abs(pivot));
    rows = below.map(([first = 0, ...row]) => row.map((value, j) => value - (first / pivot) * at(rest, j)));
  }
  return total;
}

/**
 * log|det ∂f/∂x| of each row by automatic differentiation. Rows do not interact, so one gradient
 * per output column is enough.
 */
export function logDetByAutodiff(f: (x: tf.Tensor2D) => tf.Tensor2D, x: tf.Tensor2D): number[] {
  const [n, d] = x.shape;
  const partials = Array.from({ length: d }, (_, j) =>
    tf.tidy(() => {
      const column = (at: tf.Tensor) => tf.sum(tf.slice(f(tf.reshape<tf.Rank.R2>(at, [n, d])), [0, j], [n, 1]));
      return tf.grad(column)(x).dataSync();
    }),
  );
  return Array.from({ length: n }, (_, i) =>
    logAbsDeterminant(partials.map((row) => [...row.subarray(i * d, (i + 1) * d)])),
  );
}

/**
 * Moves every parameter away from its initial value, kernels less the wider they are, so that the
 * flow is no longer the identity.
 */
export function perturb(flow: Flow, seed: number, size = 0.5): Flow {
  const random = new Random(seed);
  for (const parameter of flow.variables.values()) {
    const scale = parameter.shape.length > 1 ? size / Math.sqrt(parameter.shape[0]) : size / 3;
    const values = parameter.read();
    parameter.assign(values.map((value) => value + scale * random.normal()));
  }
  return flow;
}

/** [n × d] standard normals times `scale`. */
export function normalRows(n: number, d: number, seed: number, scale = 1): tf.Tensor2D {
  return tf.tensor2d(
    new Random(seed).normals(n * d).map((value) => value * scale),
    [n, d],
  );
}

/** Values of a tensor, which is then disposed. */
export function taken(tensor: tf.Tensor): Float32Array {
  const values = Float32Array.from(tensor.dataSync());
  tensor.dispose();
  return values;
}
