import { at, missing } from '@flowline/events';
import type { Random } from '@flowline/flows';

import { type Matrix, rowOf } from '../matrix.ts';

const MOST_ITERATIONS = 100;

/**
 * Cluster of each row, by k-means (Lloyd, 1982) from centres drawn by their squared distances
 * (k-means++; Arthur and Vassilvitskii, 2007).
 */
export function clusterRows(rows: Matrix, count: number, random: Random): Int32Array {
  const clusters = new Int32Array(rows.rows);
  if (count === 1) return clusters;
  let centres = drawnCentres(rows, count, random);
  for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
    let moved = 0;
    for (let row = 0; row < rows.rows; row++) {
      const nearest = nearestCentre(centres, rowOf(rows, row));
      if (nearest !== clusters[row]) moved++;
      clusters[row] = nearest;
    }
    if (moved === 0) break;
    centres = meansOf(rows, clusters, centres);
  }
  return clusters;
}

function drawnCentres(rows: Matrix, count: number, random: Random): Float64Array[] {
  const drawn = (row: number): Float64Array => rowOf(rows, row).slice();
  const centres = [drawn(Math.floor(random.uniform() * rows.rows))];
  const squares = new Float64Array(rows.rows).fill(Infinity);
  while (centres.length < count) {
    const last = at(centres, centres.length - 1);
    let sum = 0;
    for (let row = 0; row < rows.rows; row++) {
      const square = Math.min(at(squares, row), squaredDistance(last, rowOf(rows, row)));
      squares[row] = square;
      sum += square;
    }
    let rest = random.uniform() * sum;
    let row = 0;
    while (row < rows.rows - 1 && (rest -= at(squares, row)) > 0) row++;
    centres.push(drawn(row));
  }
  return centres;
}

/** Means of the rows of each cluster; a centre without rows stays. */
function meansOf(rows: Matrix, clusters: Int32Array, centres: readonly Float64Array[]): Float64Array[] {
  const sums = centres.map((centre) => new Float64Array(centre.length));
  const counts = new Int32Array(centres.length);
  for (const [row, cluster] of clusters.entries()) {
    counts[cluster] = at(counts, cluster) + 1;
    const sum = at(sums, cluster);
    for (const [j, value] of rowOf(rows, row).entries()) sum[j] = at(sum, j) + value;
  }
  return sums.map((sum, c) => (counts[c] === 0 ? at(centres, c) : sum.map((value) => value / at(counts, c))));
}

function nearestCentre(centres: readonly Float64Array[], x: Float64Array): number {
  let [nearest, least] = [0, Infinity];
  for (const [c, centre] of centres.entries()) {
    const square = squaredDistance(centre, x);
    if (square < least) [nearest, least] = [c, square];
  }
  return nearest;
}

function squaredDistance(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += ((a[j] ?? missing(a, j)) - (b[j] ?? missing(b, j))) ** 2;
  return sum;
}
