import { at, FlowlineError } from '@flowline/events';

import { allFinite, allFiniteSparse } from './all-finite.ts';

/** Shape of the rows of a flow. Flow and Plan both satisfy it. */
export interface RowShape {
  /** d: number of features. */
  readonly features: number;
  /** c: number of context columns. */
  readonly context: number;
  /** Per feature: the context column that is 1 where it is observed. Null if it always is. */
  readonly presence: readonly (number | null)[];
}

/** Throws FLOWLINE_FEATURES_INVALID unless `rows` holds at least n rows. */
export const checkRows = (shape: RowShape, rows: Float32Array, n: number): void => {
  const width = shape.features + shape.context;
  if (Number.isInteger(n) && n >= 0 && rows.length >= n * width) return;
  throw new FlowlineError('FLOWLINE_FEATURES_INVALID', `found ${rows.length} values for ${n} rows of ${width}`, {
    where: 'rows',
    remedy: 'Pass n rows of [x | context], row-major, as the encoding of this model version makes them.',
  });
};

/**
 * Overwrites the scores of rows that are not finite, or whose log p is NaN, with the values that
 * {@link Scorer} promises.
 */
export const settleScores = (shape: RowShape, rows: Float32Array, n: number, scores: Float64Array): void => {
  if (areFinite(shape, rows, n)) {
    for (let i = 0; i < n; i++) if (Number.isNaN(scores[i])) scores[i] = -Infinity;
    return;
  }
  for (let i = 0; i < n; i++) {
    const content = contentOf(shape, rows, i);
    if (content === 'nan') scores[i] = NaN;
    else if (content === 'infinite' || Number.isNaN(scores[i])) scores[i] = -Infinity;
  }
};

/** Overwrites the latents or gradients of rows that are not finite with NaN. */
export const settleVectors = (shape: RowShape, rows: Float32Array, n: number, vectors: Float32Array): void => {
  if (areFinite(shape, rows, n)) return;
  for (let i = 0; i < n; i++) {
    if (contentOf(shape, rows, i) !== 'finite') vectors.fill(NaN, i * shape.features, (i + 1) * shape.features);
  }
};

/**
 * The first n rows with 0 in place of each value that is not finite. Returns the rows themselves if
 * all are finite.
 */
export const finiteRows = (shape: RowShape, rows: Float32Array, n: number): Float32Array => {
  if (areFinite(shape, rows, n)) return rows;
  return rows.subarray(0, n * (shape.features + shape.context)).map((value) => (Number.isFinite(value) ? value : 0));
};

/** Number of context columns from which most of them are levels, and 0. */
const MANY_COLUMNS = 64;

const areFinite = ({ features, context }: RowShape, rows: Float32Array, n: number): boolean =>
  (context < MANY_COLUMNS ? allFinite : allFiniteSparse)(rows, n * (features + context));

const contentOf = (shape: RowShape, rows: Float32Array, row: number): 'finite' | 'infinite' | 'nan' => {
  const width = shape.features + shape.context;
  let infinite = false;
  for (let i = 0; i < width; i++) {
    const value = at(rows, row * width + i);
    const column = i < shape.features ? (shape.presence[i] ?? null) : null;
    const observed = column === null || at(rows, row * width + shape.features + column) > 0.5;
    if (Number.isFinite(value) || !observed) continue;
    if (Number.isNaN(value)) return 'nan';
    infinite = true;
  }
  return infinite ? 'infinite' : 'finite';
};
