import { types } from 'node:util';

import * as tf from '@tensorflow/tfjs-core';

import { FlowError } from './flow-error.ts';
import type { Flow } from './flow.ts';
import { shown } from './options/check-options.ts';
import type { NumberRows, Rows, RowShape } from './rows.ts';
import { assertRowsOf, isNumberRows, toRows } from './rows.ts';
import { assertRows } from './validation.ts';

/** Rows per chunk: larger chunks gain nothing in the kernels and use more memory. */
const CHUNK_ROWS = 2048;

/**
 * log p of each row in nats: [n]. Rows are arrays with their context beside them, {@link Rows}, or
 * flat: a Float32Array of n rows, row-major [n × (features + context)], each [x | context]. The
 * event loop gets a turn between chunks. Throws FLOWLINE_FEATURES_INVALID for rows that do not fit
 * or a non-finite value.
 *
 * ```ts
 * const logP = await logProbRows(flow, [[1, 1], [1, -2]]);
 * ```
 */
export async function logProbRows(flow: Flow, rows: Float32Array, n: number): Promise<Float64Array>;
export async function logProbRows(flow: Flow, rows: NumberRows, context?: NumberRows): Promise<Float64Array>;
export async function logProbRows(flow: Flow, rows: Rows): Promise<Float64Array>;
export async function logProbRows(
  flow: Flow,
  rows: Float32Array | NumberRows | Rows,
  beside?: number | NumberRows,
): Promise<Float64Array> {
  if (types.isFloat32Array(rows)) return logProbFlat(flow, rows, beside);
  const read = isNumberRows(rows) ? toRows(rows, isNumberRows(beside) ? beside : undefined) : rows;
  assertRowsOf(flow, read, 'rows');
  return logProbFlat(flow, joined(flow, read), read.size);
}

async function logProbFlat(flow: Flow, rows: Float32Array, n: unknown): Promise<Float64Array> {
  const width = flow.features + flow.context;
  if (typeof n !== 'number' || !Number.isInteger(n) || n < 0) {
    throw new FlowError('FLOWLINE_FEATURES_INVALID', `found ${shown(n)} rows, expected a whole number`, {
      where: 'n',
      remedy: 'Say how many rows the Float32Array holds.',
    });
  }
  assertRows(rows, n, width, 'rows');
  const logP = new Float64Array(n);
  for (let from = 0; from < n; from += CHUNK_ROWS) {
    const to = Math.min(n, from + CHUNK_ROWS);
    const { x, context } = separated(rows, from, to, flow.features, flow.context);
    const part = tf.tidy(() => {
      const given = context === undefined ? undefined : tf.tensor2d(context, [to - from, flow.context]);
      return flow.uncheckedLogProb(tf.tensor2d(x, [to - from, flow.features]), given).dataSync();
    });
    logP.set(part, from);
    if (to < n) await tf.nextFrame();
  }
  return logP;
}

/** Rows from … to − 1 as x and context, each row-major. */
function separated(
  rows: Float32Array,
  from: number,
  to: number,
  features: number,
  context: number,
): { x: Float32Array; context: Float32Array | undefined } {
  const width = features + context;
  if (context === 0) return { x: rows.slice(from * width, to * width), context: undefined };
  const x = new Float32Array((to - from) * features);
  const given = new Float32Array((to - from) * context);
  for (let row = from; row < to; row++) {
    const at = row * width;
    x.set(rows.subarray(at, at + features), (row - from) * features);
    given.set(rows.subarray(at + features, at + width), (row - from) * context);
  }
  return { x, context: given };
}

/** Rows as [x | context], row-major. */
function joined({ features, context }: RowShape, rows: Rows): Float32Array {
  if (rows.context === undefined) return rows.x;
  const width = features + context;
  const all = new Float32Array(rows.size * width);
  for (let i = 0; i < rows.size; i++) {
    all.set(rows.x.subarray(i * features, (i + 1) * features), i * width);
    all.set(rows.context.subarray(i * context, (i + 1) * context), i * width + features);
  }
  return all;
}
