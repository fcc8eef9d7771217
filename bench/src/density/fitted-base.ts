import type { Distribution, Rows } from '@flowline/flows';
import { fitMixture, StandardNormal } from '@flowline/flows';
import * as tf from '@tensorflow/tfjs-core';

import { mean } from '../support/statistics.ts';
import type { DensityData } from './data.ts';
import { bestKernelEstimate } from './kernel-estimate.ts';

/** Few enough for the parameters not to count, enough to follow a curve of the plane. */
const COMPONENTS = [1, 8, 16, 32] as const;
/** Validation rows that decide between the bases. */
const COMPARED_ROWS = 1000;

/**
 * The base of a flow that begins with an ActNorm: a mixture of normals fitted to the training rows, where it explains validation rows
 * better than a kernel estimate does, which assumes nothing of their density: then they come in a few modes, which no continuous map of one
 * normal has. Otherwise, for edges or long curves, the standard normal.
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

/** A function that moves rows as these are moved to mean 0 and variance 1. */
function standardisation({ x, size }: Rows, features: number): (rows: Rows) => Rows {
  const [sums, squares] = [new Float64Array(features), new Float64Array(features)];
  x.forEach((value, at) => {
    const j = at % features;
    sums[j] = (sums[j] ?? 0) + value;
    squares[j] = (squares[j] ?? 0) + value * value;
  });
  const means = sums.map((sum) => sum / size);
  const deviations = squares.map((square, j) => Math.sqrt(square / size - (means[j] ?? 0) ** 2));
  return (rows) => ({
    x: rows.x.map((value, at) => (value - (means[at % features] ?? 0)) / (deviations[at % features] ?? 1)),
    size: rows.size,
  });
}
