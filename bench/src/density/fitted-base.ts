import type { Distribution, Rows } from '@flowline/flows';
import { fitMixture, StandardNormal } from '@flowline/flows';
import * as tf from '@tensorflow/tfjs-core';
import { at } from '@flowline/events';

import { mean } from '../support/statistics.ts';
import type { DensityData } from './data.ts';
import { bestKernelEstimate } from './kernel-estimate.ts';

/**
 * Candidate numbers of components: few enough for the parameters not to matter, enough to follow a
 * curve in the plane.
 */
const COMPONENTS = [1, 8, 16, 32] as const;
/** Number of validation rows on which the bases are compared. */
const COMPARED_ROWS = 1000;

/**
 * Base distribution for a flow that begins with an ActNorm: a mixture of normals fitted to the
 * training rows, if its log-likelihood on validation rows exceeds that of a kernel density
 * estimate, which assumes nothing about the density. The data then has a few separate modes, which
 * no continuous map of a single normal has. Otherwise, for edges or long curves, the standard
 * normal.
 */
export function fittedBase({ train, validation, features }: DensityData, seed: number): Distribution {
  const toLatents = standardisation(train, features);
  const data = { train: toLatents(train), validation: toLatents(validation) };
  const mixture = fitMixture(data, { features, components: COMPONENTS, seed });
  const size = Math.min(COMPARED_ROWS, validation.size);
  const compared = { x: data.validation.x.subarray(0, size * features), size };
  const logP = tf.tidy(() => mixture.logProb(tf.tensor2d(compared.x, [size, features])).dataSync());
  if (mean(logP) > bestKernelEstimate(data.train, compared, features)) return mixture;
  mixture.dispose();
  return new StandardNormal(features);
}

/** Standardises rows with the means and standard deviations of the given rows. */
function standardisation({ x, size }: Rows, features: number): (rows: Rows) => Rows {
  const [sums, squares] = [new Float64Array(features), new Float64Array(features)];
  x.forEach((value, i) => {
    const j = i % features;
    sums[j] = at(sums, j) + value;
    squares[j] = at(squares, j) + value * value;
  });
  const means = sums.map((sum) => sum / size);
  const deviations = squares.map((square, j) => Math.sqrt(square / size - at(means, j) ** 2));
  return (rows) => ({
    x: rows.x.map((value, i) => (value - at(means, i % features)) / at(deviations, i % features)),
    size: rows.size,
  });
}
