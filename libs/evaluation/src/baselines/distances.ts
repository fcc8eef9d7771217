import { at } from '@flowline/events';

import type { Baseline } from './baseline.ts';
import { nearestNeighbours, type Neighbours } from './nearest.ts';

const LOF_NEIGHBOURS = 20;
/** Added to mean distances, so that equal rows have a density. */
const LEAST_DISTANCE = 1e-10;

/** Distance to the k-th nearest training row. */
export const distanceTo = (k: number): Baseline => ({
  name: k === 1 ? '1-NN' : `kNN${k}`,
  fewestRows: k,
  score({ train, test }) {
    const { distances, k: found } = nearestNeighbours(train, test, k);
    return Float64Array.from({ length: test.rows }, (_, row) => at(distances, (row + 1) * found - 1));
  },
});

/**
 * Local outlier factor (Breunig et al., 2000) of new rows, with 20 neighbours: the mean density of
 * their neighbours over their own.
 */
export const localOutlierFactor: Baseline = {
  name: 'LOF',
  fewestRows: LOF_NEIGHBOURS + 1,
  score({ train, test }) {
    const own = nearestNeighbours(train, train, LOF_NEIGHBOURS, true);
    const reach = Float64Array.from({ length: train.rows }, (_, row) => at(own.distances, (row + 1) * own.k - 1));
    const densities = reachabilityDensities(own, reach, train.rows);
    const near = nearestNeighbours(train, test, LOF_NEIGHBOURS);
    return reachabilityDensities(near, reach, test.rows).map((density, row) => {
      let sum = 0;
      for (let i = 0; i < near.k; i++) sum += at(densities, at(near.indices, row * near.k + i));
      return sum / near.k / density;
    });
  },
};

/** One over the mean of max(distance, k-distance of the neighbour), of each row. */
function reachabilityDensities({ k, distances, indices }: Neighbours, reach: Float64Array, rows: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let i = row * k; i < (row + 1) * k; i++) sum += Math.max(at(distances, i), at(reach, at(indices, i)));
    return 1 / (sum / k + LEAST_DISTANCE);
  });
}
