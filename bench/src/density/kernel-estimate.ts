import { at } from '@flowline/events';
import type { Rows } from '@flowline/flows';

const { exp, log } = Math; // looked up once: the loops below run over every pair of rows

/** Candidate bandwidths, in standard deviations of a feature. */
const BANDWIDTHS = [0.025, 0.035, 0.05, 0.07, 0.1] as const;
/** Terms this far below the largest are not worth an exponential. */
const NEGLIGIBLE_NATS = 40;

/**
 * Mean log p of rows under a kernel density estimate of the training rows, with the bandwidth that
 * fits the rows best. Features of both have variance 1.
 */
export function bestKernelEstimate(train: Rows, rows: Rows, features: number): number {
  return Math.max(...BANDWIDTHS.map((bandwidth) => meanLogP(train, rows, features, bandwidth)));
}

/**
 * Mean log p of rows under an equally weighted mixture of isotropic normals centred on the training
 * rows.
 */
function meanLogP(train: Rows, rows: Rows, d: number, bandwidth: number): number {
  const constant = log(train.size) + 0.5 * d * log(2 * Math.PI * bandwidth * bandwidth);
  const exponents = new Float64Array(train.size);
  let total = 0;
  for (let row = 0; row < rows.size; row++) {
    let largest = -Infinity;
    for (let i = 0; i < train.size; i++) {
      let distance = 0;
      for (let j = 0; j < d; j++) distance += (at(rows.x, row * d + j) - at(train.x, i * d + j)) ** 2;
      const exponent = -distance / (2 * bandwidth * bandwidth);
      exponents[i] = exponent;
      largest = exponent > largest ? exponent : largest;
    }
    let sum = 0;
    for (const exponent of exponents) sum += exponent > largest - NEGLIGIBLE_NATS ? exp(exponent - largest) : 0;
    total += largest + log(sum) - constant;
  }
  return total / rows.size;
}
