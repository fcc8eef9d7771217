import type { Scorer } from '@flowline/engine';
import type { EncodedBatch } from '@flowline/features';

import { valueAt } from '../sorted.ts';
import { largestDeviation } from './linear-conditionals.ts';
import { type CombinedStatistic, gates } from './statistic.ts';

/** Scorer whose latents the second stage asks for. */
export type StageScorer = Pick<Scorer, 'latent'>;

/** Encoded rows that the second stage takes, and their fall beyond the trained range. */
export type StageRows = Pick<EncodedBatch, 'rows' | 'fallBeyondRange'>;

/** Parts of a model that the second stage needs. */
export interface SecondStageParts extends Pick<CombinedStatistic, 'linear' | 'history' | 'nearEnough'> {
  readonly scorer: StageScorer;
}

/** Scores of the second stage, one per row and component. */
export interface SecondStage {
  readonly extreme_latent: Float64Array;
  readonly extreme_value: Float64Array;
  readonly distant: Float64Array;
}

/** Scores of as many rows, all 0: those of rows that the second stage leaves alone. */
export function noSecondStage(size: number): SecondStage {
  return {
    extreme_latent: new Float64Array(size),
    extreme_value: new Float64Array(size),
    distant: new Float64Array(size),
  };
}

/** Puts the scores of chosen rows in their places among those of all. */
export function placeScores(all: SecondStage, rows: Int32Array, found: SecondStage): void {
  rows.forEach((row, i) => {
    all.extreme_latent[row] = valueAt(found.extreme_latent, i);
    all.extreme_value[row] = valueAt(found.extreme_value, i);
    all.distant[row] = valueAt(found.distant, i);
  });
}

/** Rows that the second stage takes, by their p-values of low density. */
export function gatedRows(pValues: Float64Array): Int32Array {
  return Int32Array.from(pValues.keys()).filter((row) => valueAt(pValues, row) <= gates.stage);
}

/**
 * Scores rows of few others by density on what a sum over all dimensions hides: the largest |z_i|,
 * the largest deviation of a value from its linear expectation given all others, and the distance
 * to the nearest training row.
 * @param pValues of the rows by low density.
 */
export async function secondStage(
  { scorer, linear, history, nearEnough }: SecondStageParts,
  { rows, fallBeyondRange }: StageRows,
  pValues: Float64Array,
): Promise<SecondStage> {
  const n = pValues.length;
  const found = noSecondStage(n);
  if (n === 0) return found;
  const latents = await scorer.latent(rows, n);
  for (let row = 0; row < n; row++) {
    found.extreme_latent[row] = largestSize(latents, row, latents.length / n);
    found.extreme_value[row] = largestDeviation(linear, rows, row, valueAt(fallBeyondRange, row));
    if (history !== null && valueAt(pValues, row) <= gates.distance) {
      found.distant[row] = history.distance(rows, row, nearEnough);
    }
  }
  return found;
}

/** Largest |value| of a row. NaN, which a row beyond float32 has, counts as 0. */
function largestSize(values: Float32Array, row: number, d: number): number {
  let most = 0;
  for (let i = row * d; i < (row + 1) * d; i++) {
    const size = Math.abs(valueAt(values, i));
    if (size > most) most = size;
  }
  return most;
}
