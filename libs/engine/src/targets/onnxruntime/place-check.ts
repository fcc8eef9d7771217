import { at } from '@flowline/events';
import { Random } from '@flowline/flows';

import { BLOCK_ROWS } from './chunks.ts';
import { unavailable } from './onnxruntime-package.ts';

/** Rows of the check: several blocks, and some more. */
const ROWS = 3 * BLOCK_ROWS + 5;
/** Rows that are scored alone as well. */
const ALONE = [0, 5, ROWS - 1];
/** Place at which a second call starts, no multiple of any vector. */
const SHIFT = 7;

/**
 * Checks that a row has the same score, bit for bit, among few others and among many, at another
 * place and alone. Libraries choose their instructions by processor, and their blocks by the number
 * of rows, so it is checked wherever a model is loaded. Rejects with FLOWLINE_BACKEND_UNAVAILABLE.
 * @param width values per row.
 * @param most rows of the largest run.
 */
export const checkPlaces = async (
  score: (rows: Float32Array, n: number) => Promise<ArrayLike<number>>,
  width: number,
  most: number,
): Promise<void> => {
  const rows = new Random(1).normals(Math.max(most, ROWS) * width);
  const all = await score(rows, Math.max(most, ROWS));
  const compare = async (first: number, count: number): Promise<void> => {
    const found = await score(rows.slice(first * width, (first + count) * width), count);
    for (let i = 0; i < count; i++) {
      if (Object.is(at(found, i), at(all, first + i))) continue;
      throw unavailable(
        'here ONNX Runtime scores a row differently alone, among others or at another place',
        'Choose another compute backend: the score of a row must not depend on its batch.',
      );
    }
  };
  await compare(SHIFT, ROWS - SHIFT);
  for (const row of ALONE) await compare(row, 1);
};
