import type { Rows } from '@flowline/flows';

/** Bandwidths to choose from, in standard deviations of a feature. */
const BANDWIDTHS = [0.025, 0.035, 0.05, 0.07, 0.1] as const;
/** Terms this far below the largest are not worth an exponential. */
const NEGLIGIBLE_NATS = 40;

/** The mean log p of rows under the kernel density estimate of training rows that explains them best; features of both have variance 1. */
export function bestKernelEstimate(train: Rows, rows: Rows, features: number): number {
  return Math.max(...BANDWIDTHS.map((bandwidth) => meanLogP(train, rows, features, bandwidth)));
}

/** log p of a row is that of an even mixture of round normals around the training rows. */
function meanLogP(train: Rows, rows: Rows, d: number, bandwidth: number): number {
  const constant = Math.log(train.size) + 0.5 * d * Math.log(2 * Math.PI * bandwidth * bandwidth);
  const logs = new Float64Array(train.size);
  let total = 0;
  for (let row = 0; row < rows.size; row++) {
    let largest = -Infinity;
    for (let i = 0; i < train.size; i++) {
      let distance = 0;
      for (let j = 0; j < d; j++) distance += ((rows.x[row * d + j] ?? 0) - (train.x[i * d + j] ?? 0)) ** 2;
      const log = -distance / (2 * bandwidth * bandwidth);
      logs[i] = log;
      largest = log > largest ? log : largest;
    }
    let sum = 0;
    for (const log of logs) sum += log > largest - NEGLIGIBLE_NATS ? Math.exp(log - largest) : 0;
    total += largest + Math.log(sum) - constant;
  }
  return total / rows.size;
}
