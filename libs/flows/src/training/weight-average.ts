import { missing } from '../at.ts';

/**
 * Share of the current weights in their moving average after a step, counted from 0:
 * 1 − min(β, (1 + t) / (10 + t)).
 */
export function averagingShareAt(step: number, averaging: number): number {
  return 1 - Math.min(averaging, (1 + step) / (10 + step));
}

/** Moves an average, in place, by a share of the way to the weights. */
export function averageInto(averaged: Float32Array, weights: Float32Array, share: number): void {
  for (let i = 0; i < weights.length; i++) {
    const mean = averaged[i] ?? missing(averaged, i);
    averaged[i] = mean + share * ((weights[i] ?? missing(weights, i)) - mean);
  }
}
