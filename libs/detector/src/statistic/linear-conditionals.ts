import { blocksOf, type Steps } from '@flowline/events';
import { sortNumbers } from '@flowline/features';

import { quantileOfSorted, valueAt } from '../sorted.ts';

/**
 * Linear expectation of each number of an encoded row given all others: by the precision matrix Λ
 * of the rows, the deviation of xⱼ from it in conditional standard deviations is
 * (Λ (x − μ))ⱼ ÷ √Λⱼⱼ, up to a scale per dimension.
 */
export interface LinearConditionals {
  /** [width] */
  readonly means: Float64Array;
  /** [dimensions × width], each row Λⱼ over the typical size of (Λ (x − μ))ⱼ. */
  readonly weights: Float64Array;
}

/** Encoded rows [size × width], of which the first `dimensions` columns are scored. */
export interface LinearRows {
  readonly rows: Float32Array;
  readonly size: number;
  readonly width: number;
}

/** Variance added to every column, in the squared units of standardised columns. */
const RIDGE = 1e-3;
/** Share of the rows, those with the largest deviations, that a second fit leaves out. */
const LEFT_OUT = 0.025;
/** Standard deviation of a normal distribution over its median distance from the mean. */
const DEVIATION_PER_MEDIAN = 1.4826;
const BLOCK_ROWS = 64;

/**
 * Fits linear conditionals, in steps: to all rows, then to those without the largest deviations, so
 * that anomalies among them have little say.
 */
export function* fitLinearConditionals(of: LinearRows, dimensions: number): Steps<LinearConditionals> {
  const first = yield* fitTo(of, dimensions, null);
  const deviations = yield* deviationsOf(first, of);
  const cut = quantileOfSorted(yield* sortNumbers(deviations.slice()), 1 - LEFT_OUT);
  return yield* fitTo(of, dimensions, (row) => valueAt(deviations, row) <= cut);
}

/**
 * Largest deviation of a row from the linear expectation of each value given the others, in
 * conditional standard deviations. A missing value, which is 0, has none.
 * @param fallNats nats that the density of the row falls by beyond the trained range, as whose ends
 * values beyond it are encoded: they add to the deviation at z²/2 nats.
 */
export function largestDeviation(
  { means, weights }: LinearConditionals,
  rows: Float32Array,
  row: number,
  fallNats: number,
): number {
  const width = means.length;
  let largest = 0;
  for (let j = 0, from = 0; from < weights.length; j++, from += width) {
    if (rows[row * width + j] === 0) continue;
    let sum = 0;
    for (let k = 0; k < width; k++) {
      sum += valueAt(weights, from + k) * (valueAt(rows, row * width + k) - valueAt(means, k));
    }
    largest = Math.max(largest, Math.abs(sum));
  }
  return Math.sqrt(largest ** 2 + 2 * fallNats);
}

function* deviationsOf(fit: LinearConditionals, of: LinearRows): Steps<Float64Array> {
  const { size } = of;
  const deviations = new Float64Array(size);
  for (const [start, end] of blocksOf(size, BLOCK_ROWS)) {
    for (let row = start; row < end; row++) deviations[row] = largestDeviation(fit, of.rows, row, 0);
    yield;
  }
  return deviations;
}

function* fitTo(
  of: LinearRows,
  dimensions: number,
  takes: ((row: number) => boolean) | null,
): Steps<LinearConditionals> {
  const { means, covariance } = yield* momentsOf(of, takes);
  const width = of.width;
  for (let k = 0; k < width; k++) covariance[k * width + k] = valueAt(covariance, k * width + k) + RIDGE;
  const precision = yield* inverseOf(covariance, width);
  const weights = precision.slice(0, dimensions * width);
  for (let j = 0; j < dimensions; j++) {
    const own = weights.subarray(j * width, (j + 1) * width);
    const scale = yield* typicalSize(of, means, own, j);
    for (let k = 0; k < width; k++) own[k] = scale === 0 ? 0 : valueAt(own, k) / scale;
  }
  return { means, weights };
}

function* momentsOf({ rows, size, width }: LinearRows, takes: ((row: number) => boolean) | null) {
  const means = new Float64Array(width);
  const covariance = new Float64Array(width * width);
  let count = 0;
  for (const [start, end] of blocksOf(size, BLOCK_ROWS)) {
    for (let row = start; row < end; row++) {
      if (takes !== null && !takes(row)) continue;
      count++;
      for (let k = 0; k < width; k++) means[k] = valueAt(means, k) + valueAt(rows, row * width + k);
    }
    yield;
  }
  for (let k = 0; k < width; k++) means[k] = valueAt(means, k) / Math.max(1, count);
  for (const [start, end] of blocksOf(size, BLOCK_ROWS)) {
    for (let row = start; row < end; row++) {
      if (takes !== null && !takes(row)) continue;
      for (let j = 0; j < width; j++) {
        const own = (valueAt(rows, row * width + j) - valueAt(means, j)) / count;
        for (let k = 0; k <= j; k++) {
          const product = own * (valueAt(rows, row * width + k) - valueAt(means, k));
          covariance[j * width + k] = valueAt(covariance, j * width + k) + product;
        }
      }
    }
    yield;
  }
  for (let j = 0; j < width; j++) {
    for (let k = 0; k < j; k++) covariance[k * width + j] = valueAt(covariance, j * width + k);
  }
  return { means, covariance };
}

/** Inverse of a symmetric positive definite matrix [n × n], by elimination in steps. */
function* inverseOf(matrix: Float64Array, n: number): Steps<Float64Array> {
  const left = matrix.slice();
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) inverse[i * n + i] = 1;
  for (let i = 0; i < n; i++) {
    const pivot = valueAt(left, i * n + i);
    for (const side of [left, inverse]) {
      for (let k = 0; k < n; k++) side[i * n + k] = valueAt(side, i * n + k) / pivot;
    }
    for (let j = 0; j < n; j++) {
      const factor = valueAt(left, j * n + i);
      if (j === i || factor === 0) continue;
      for (const side of [left, inverse]) {
        for (let k = 0; k < n; k++) side[j * n + k] = valueAt(side, j * n + k) - factor * valueAt(side, i * n + k);
      }
    }
    yield;
  }
  return inverse;
}

/** Typical size of a dimension's deviations, over rows that have a value there. */
function* typicalSize({ rows, size, width }: LinearRows, means: Float64Array, weights: Float64Array, j: number) {
  const sizes = new Float64Array(size);
  let count = 0;
  for (const [start, end] of blocksOf(size, BLOCK_ROWS * BLOCK_ROWS)) {
    for (let row = start; row < end; row++) {
      if (rows[row * width + j] === 0) continue;
      let sum = 0;
      for (let k = 0; k < width; k++) {
        sum += valueAt(weights, k) * (valueAt(rows, row * width + k) - valueAt(means, k));
      }
      sizes[count++] = Math.abs(sum);
    }
    yield;
  }
  if (count === 0) return 0;
  const sorted = yield* sortNumbers(sizes.slice(0, count));
  return DEVIATION_PER_MEDIAN * valueAt(sorted, count >> 1);
}
