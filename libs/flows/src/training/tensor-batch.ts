import * as tf from '@tensorflow/tfjs-core';

import type { Flow } from '../flow.ts';
import type { Rows } from '../rows.ts';
import type { BatchTarget } from './training-backend.ts';

/** Rows that are scored between two turns of the event loop. */
const ROWS_AT_ONCE = 256;

/** Tensors of a batch: x [n × features], and context [n × c] for a flow that has a context. */
export interface TensorBatch {
  readonly x: tf.Tensor2D;
  readonly context?: tf.Tensor2D;
}

/** Arrays for the rows of a batch. */
export function batchArrays({ features, context }: Pick<Flow, 'features' | 'context'>, size: number): BatchTarget {
  return { x: new Float32Array(size * features), context: new Float32Array(size * context) };
}

/** Copies rows into tensors, which belong to the caller. */
export function tensorsOf(
  { features, context: width }: Pick<Flow, 'features' | 'context'>,
  rows: BatchTarget,
): TensorBatch {
  const size = rows.x.length / features;
  // Copies, because the backend may keep a reference to the array.
  const x = tf.tensor2d(rows.x.slice(), [size, features]);
  return width === 0 ? { x } : { x, context: tf.tensor2d(rows.context.slice(), [size, width]) };
}

/** Rows as tensors of few rows each. */
export function tensorPieces(flow: Pick<Flow, 'features' | 'context'>, rows: Rows): TensorBatch[] {
  const { features, context: width } = flow;
  const { x, context = new Float32Array(), size } = rows;
  return Array.from({ length: Math.ceil(size / ROWS_AT_ONCE) }, (_, i) => {
    const [from, to] = [i * ROWS_AT_ONCE, Math.min(size, (i + 1) * ROWS_AT_ONCE)];
    return tensorsOf(flow, {
      x: x.subarray(from * features, to * features),
      context: context.subarray(from * width, to * width),
    });
  });
}

/** Frees the tensors of a batch. */
export function disposeBatch({ x, context }: TensorBatch): void {
  x.dispose();
  context?.dispose();
}
