import * as tf from '@tensorflow/tfjs-core';

import { FlowError } from './flow-error.ts';
import type { Flow } from './flow.ts';
import { assertRows } from './validation.ts';

/** Rows scored at once: beyond this the kernels gain nothing, and memory stays small. */
const CHUNK_ROWS = 2048;

/**
 * log p of each row in nats. rows: row-major [n × (features + context)], each [x | context]. The event loop gets its turn between
 * chunks. Throws FLOWLINE_FEATURES_INVALID for a wrong length or a value that is not finite.
 */
export async function logProbRows(flow: Flow, rows: Float32Array, n: number): Promise<Float64Array> {
  const width = flow.features + flow.context;
  if (!Number.isInteger(n) || n < 0) {
    throw new FlowError('FLOWLINE_FEATURES_INVALID', `found ${n} rows, expected a whole number`, { where: 'n' });
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
export function separated(
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
