import { missing } from '@flowline/events';

import type { RowShape } from '../../../row-shape.ts';
import type { KernelOutput, WasmKernel } from './wasm-kernel.ts';

/**
 * Size of the rows of one kernel call, chosen so that inputs and outputs stay in the second-level
 * cache.
 */
const CHUNK_BYTES = 128 * 1024;
const LARGEST_CHUNK_ROWS = 1024;
/** A whole number of tiles. */
const SMALLEST_CHUNK_ROWS = 64;
/** Below this number of values a loop is faster than a view and `set`. */
const FEW_VALUES = 64;

/** Rows of one kernel call, for rows of this shape. */
export const chunkRows = ({ features, context }: RowShape): number => {
  const fitting = Math.floor(CHUNK_BYTES / (4 * (features + context)) / SMALLEST_CHUNK_ROWS) * SMALLEST_CHUNK_ROWS;
  return Math.min(LARGEST_CHUNK_ROWS, Math.max(SMALLEST_CHUNK_ROWS, fitting));
};

/** Rows to compute, and the place of their results. */
export interface KernelRun {
  readonly rows: Float32Array;
  readonly firstRow: number;
  readonly n: number;
  readonly results: Float32Array | Float64Array;
  readonly firstResult: number;
}

/**
 * Computes an output of n rows, from `firstRow` on and chunk by chunk, into the results from row
 * `firstResult` on.
 */
export const runInChunks = (
  kernel: WasmKernel,
  { features, context }: RowShape,
  output: KernelOutput,
  { rows, firstRow, n, results, firstResult }: KernelRun,
): void => {
  const width = features + context;
  const [from, each] = output === 'score' ? [kernel.scores, 1] : [kernel.vectors, features];
  for (let done = 0; done < n; done += kernel.capacity) {
    const count = Math.min(kernel.capacity, n - done);
    copy(rows, (firstRow + done) * width, kernel.rows, 0, count * width);
    kernel.run(output, count);
    copy(from, 0, results, (firstResult + done) * each, count * each);
  }
};

const copy = (
  from: Float32Array,
  fromIndex: number,
  to: Float32Array | Float64Array,
  toIndex: number,
  count: number,
): void => {
  if (count > FEW_VALUES) {
    to.set(from.subarray(fromIndex, fromIndex + count), toIndex);
    return;
  }
  for (let i = 0; i < count; i++) to[toIndex + i] = from[fromIndex + i] ?? missing(from, fromIndex + i);
};
