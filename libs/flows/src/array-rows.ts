import * as tf from '@tensorflow/tfjs-core';

import type { NumberRows, RowShape } from './rows.ts';
import { assertPaired, flattened, isNumberRows, toArrays } from './rows.ts';

/** Rows per chunk: larger chunks gain nothing in the kernels and use more memory. */
const CHUNK_ROWS = 2048;

/**
 * Rows as a tensor of the given width: tensors are returned as they are, arrays are checked and
 * copied.
 */
export function asTensor(rows: tf.Tensor2D | NumberRows, columns: number, where: string): tf.Tensor2D {
  return isNumberRows(rows) ? tf.tensor2d(flattened(rows, where, columns), [rows.length, columns]) : rows;
}

/**
 * Applies a map of tensors to array rows, in chunks; returns one output row per input row. Throws
 * FLOWLINE_FEATURES_INVALID for rows that do not fit.
 */
export function mapRows(
  shape: RowShape,
  {
    rows,
    context,
    where,
  }: { readonly rows: NumberRows; readonly context: NumberRows | undefined; readonly where: string },
  map: (rows: tf.Tensor2D, context: tf.Tensor2D | undefined) => tf.Tensor2D,
): number[][] {
  const x = flattened(rows, where, shape.features);
  const given = context === undefined ? undefined : flattened(context, 'context', shape.context);
  if (context !== undefined) assertPaired(rows.length, context.length, 'context');
  const mapped: number[][] = [];
  for (let from = 0; from < rows.length; from += CHUNK_ROWS) {
    const to = Math.min(rows.length, from + CHUNK_ROWS);
    const part = (values: Float32Array, width: number) =>
      tf.tensor2d(values.slice(from * width, to * width), [to - from, width]);
    const values = tf.tidy(() =>
      map(part(x, shape.features), given === undefined ? undefined : part(given, shape.context)).dataSync(),
    );
    mapped.push(...toArrays(values, shape.features));
  }
  return mapped;
}
