import * as tf from '@tensorflow/tfjs-core';

import { at } from './at.ts';
import { FlowError } from './flow-error.ts';
import { shown } from './options/check-options.ts';

/**
 * Throws FLOWLINE_FEATURES_INVALID unless the tensor has the expected shape; null stands for any
 * length.
 */
export function assertShape(tensor: tf.Tensor, expected: readonly (number | null)[], where: string): void {
  const shape = expected.map((length) => length ?? 'n ≥ 1').join(', ');
  if (!isTensor(tensor)) {
    throw new FlowError('FLOWLINE_FEATURES_INVALID', `found ${shown(tensor)}, expected rows of shape [${shape}]`, {
      where,
      remedy: 'Give number[][] or a tensor of two dimensions.',
    });
  }
  const fits =
    tensor.rank === expected.length &&
    expected.every((length, i) => length === null || tensor.shape[i] === length) &&
    tensor.size > 0;
  if (fits) return;
  throw new FlowError('FLOWLINE_FEATURES_INVALID', `found shape [${tensor.shape.join(', ')}], expected [${shape}]`, {
    where,
  });
}

/**
 * Throws FLOWLINE_FEATURES_INVALID if any value is NaN or infinite. Blocks until the tensor's
 * values are there.
 */
export function finite(tensor: tf.Tensor, where: string): void {
  const spoiled = tf.tidy(() => Number.isNaN(tf.sum(tf.mul(tensor, 0)).dataSync()[0]));
  if (spoiled) {
    throw new FlowError('FLOWLINE_FEATURES_INVALID', 'found NaN or an infinite value, expected finite numbers', {
      where,
      remedy: 'Drop or repair such rows before they reach the flow; declare missing values by a presence column.',
    });
  }
}

/** Throws FLOWLINE_FEATURES_INVALID unless the array holds rows × columns finite values. */
export function assertRows(values: Float32Array, rows: number, columns: number, where: string): void {
  if (values.length !== rows * columns) {
    throw new FlowError(
      'FLOWLINE_FEATURES_INVALID',
      `found ${values.length} values, expected ${rows} × ${columns} = ${rows * columns}`,
      { where },
    );
  }
  const found = values.findIndex((value) => !Number.isFinite(value));
  if (found >= 0) {
    throw new FlowError(
      'FLOWLINE_FEATURES_INVALID',
      `found ${at(values, found)} in row ${Math.floor(found / columns)}, column ${found % columns}; expected finite numbers`,
      { where, remedy: 'Drop or repair such rows before they reach the flow.' },
    );
  }
}

/** True for a tensor, of any copy of tfjs. */
const isTensor = (value: unknown): value is tf.Tensor => value instanceof tf.Tensor;
