import { at, missing } from '@flowline/events';
import { Random } from '@flowline/flows';

import { type Matrix, rowOf } from '../matrix.ts';
import type { Baseline } from './baseline.ts';
import { cholesky, logDiagonal, mahalanobisSquare } from './cholesky.ts';
import { clusterRows } from './k-means.ts';

/** A Gaussian of a mixture. */
interface Component {
  readonly logWeight: number;
  readonly mean: Float64Array;
  /** Lower Cholesky factor of the covariance. */
  readonly factor: Float64Array;
  readonly logDeterminant: number;
}

const [MOST_ITERATIONS, TOLERANCE] = [100, 1e-3];
/** Responsibilities below this do not move a component. */
const NEGLIGIBLE = 1e-12;
const ROWS_PER_COMPONENT = 20;
const LOG_2PI = Math.log(2 * Math.PI);

/**
 * Density under a mixture of Gaussians with full covariances: EM from k-means, at most one
 * component per 20 rows.
 * @param regularisation added to the variances.
 */
export const gaussianMixture = (name: string, components: number, regularisation: number): Baseline => ({
  name,
  fewestRows: 2,
  score({ train, test }, seed) {
    const count = Math.min(components, Math.max(1, Math.floor(train.rows / ROWS_PER_COMPONENT)));
    const mixture = fitMixture(train, count, regularisation, new Random(seed));
    const solved = new Float64Array(test.columns);
    return Float64Array.from({ length: test.rows }, (_, row) => -logDensity(mixture, rowOf(test, row), solved).total);
  },
});

function fitMixture(rows: Matrix, count: number, regularisation: number, random: Random): readonly Component[] {
  const clusters = clusterRows(rows, count, random);
  const shares = new Float64Array(rows.rows * count);
  for (const [row, cluster] of clusters.entries()) shares[row * count + cluster] = 1;
  let mixture = maximise(rows, shares, count, regularisation);
  if (count === 1) return mixture;
  const solved = new Float64Array(rows.columns);
  let before = -Infinity;
  for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
    let mean = 0;
    for (let row = 0; row < rows.rows; row++) {
      const { total, each } = logDensity(mixture, rowOf(rows, row), solved);
      mean += total / rows.rows;
      for (let c = 0; c < count; c++) shares[row * count + c] = Math.exp(at(each, c) - total);
    }
    mixture = maximise(rows, shares, count, regularisation);
    if (Math.abs(mean - before) < TOLERANCE) break;
    before = mean;
  }
  return mixture;
}

/** Components from the share that each has of the rows. */
function maximise(rows: Matrix, shares: Float64Array, count: number, regularisation: number): Component[] {
  return Array.from({ length: count }, (_, c) => {
    const shareOf = (row: number): number => shares[row * count + c] ?? missing(shares, row * count + c);
    let weight = 10 * Number.EPSILON;
    const mean = new Float64Array(rows.columns);
    for (let row = 0; row < rows.rows; row++) {
      const share = shareOf(row);
      weight += share;
      if (share > NEGLIGIBLE) addScaled(mean, rowOf(rows, row), share);
    }
    for (let j = 0; j < mean.length; j++) mean[j] = (mean[j] ?? missing(mean, j)) / weight;
    const factor = cholesky(covariance(rows, shareOf, mean, { weight, regularisation }), rows.columns);
    const logDeterminant = 2 * logDiagonal(factor, rows.columns);
    return { logWeight: Math.log(weight / rows.rows), mean, factor, logDeterminant };
  });
}

function addScaled(into: Float64Array, values: Float64Array, scale: number): void {
  for (let j = 0; j < into.length; j++)
    into[j] = (into[j] ?? missing(into, j)) + scale * (values[j] ?? missing(values, j));
}

function covariance(
  rows: Matrix,
  shareOf: (row: number) => number,
  mean: Float64Array,
  { weight, regularisation }: { readonly weight: number; readonly regularisation: number },
): Float64Array {
  const size = rows.columns;
  const sums = new Float64Array(size * size);
  const centred = new Float64Array(size);
  for (let row = 0; row < rows.rows; row++) {
    const share = shareOf(row) / weight;
    if (share <= NEGLIGIBLE / weight) continue;
    const x = rowOf(rows, row);
    for (let i = 0; i < size; i++) centred[i] = (x[i] ?? missing(x, i)) - (mean[i] ?? missing(mean, i));
    for (let i = 0; i < size; i++) {
      const scaled = share * (centred[i] ?? missing(centred, i));
      const start = i * size;
      for (let j = 0; j <= i; j++)
        sums[start + j] = (sums[start + j] ?? missing(sums, start + j)) + scaled * (centred[j] ?? missing(centred, j));
    }
  }
  for (let i = 0; i < size; i++)
    sums[i * size + i] = (sums[i * size + i] ?? missing(sums, i * size + i)) + regularisation;
  return sums;
}

function logDensity(
  mixture: readonly Component[],
  x: Float64Array,
  solved: Float64Array,
): { readonly total: number; readonly each: Float64Array } {
  const each = new Float64Array(mixture.length);
  for (const [c, { logWeight, mean, factor, logDeterminant }] of mixture.entries()) {
    each[c] = logWeight - 0.5 * (x.length * LOG_2PI + logDeterminant + mahalanobisSquare(factor, x, mean, solved));
  }
  const greatest = Math.max(...each);
  const total = greatest + Math.log(each.reduce((sum, value) => sum + Math.exp(value - greatest), 0));
  return { total, each };
}
