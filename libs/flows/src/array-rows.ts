import * as tf from '@tensorflow/tfjs-core';

import type { NumberRows, RowShape } from './rows.ts';
import { assertPaired, flattened, isNumberRows, toArrays } from './rows.ts';

/** Rows at once: beyond this the kernels gain nothing, and memory stays small. */
const CHUNK_ROWS = 2048;

/** Rows as a tensor of that width: tensors as they are, arrays checked and copied. */
export function asTensor(rows: tf.Tensor2D | NumberRows, columns: number, where: string): tf.Tensor2D {
  return isNumberRows(rows) ? tf.tensor2d(flattened(rows, where, columns), [rows.length, columns]) : rows;
}

/** Array rows through a map of tensors, in chunks; a row per row. Throws FLOWLINE_FEATURES_INVALID for rows that do not fit. */
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
