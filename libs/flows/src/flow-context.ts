import * as tf from '@tensorflow/tfjs-core';

import { asTensor } from './array-rows.ts';
import { FlowError } from './flow-error.ts';
import type { NumberRows } from './rows.ts';
import { assertShape, finite } from './validation.ts';

/**
 * Context of rows as a tensor [rows × columns]; undefined for a flow without a context. Throws
 * FLOWLINE_FEATURES_INVALID.
 */
export function contextOf(
  columns: number,
  rows: number,
  given: tf.Tensor2D | NumberRows | undefined,
): tf.Tensor2D | undefined {
  if (columns === 0) {
    if (given === undefined) return undefined;
    const found = given instanceof tf.Tensor ? `shape [${given.shape.join(', ')}]` : `${given.length} rows`;
    throw new FlowError('FLOWLINE_FEATURES_INVALID', `found a context of ${found}, expected none`, {
      where: 'context',
      remedy: 'Declare it when the flow is made: { context: columns }.',
    });
  }
  if (given === undefined) {
    throw new FlowError('FLOWLINE_FEATURES_INVALID', `found no context, expected [${rows}, ${columns}]`, {
      where: 'context',
      remedy: 'Pass it beside the rows: a row of context for each.',
    });
  }
  const context = asTensor(given, columns, 'context');
  assertShape(context, [rows, columns], 'context');
  finite(context, 'context');
  return context;
}
