import type { Scorer } from '@flowline/engine';
import { ENCODED_BOUND } from '@flowline/features';

import { valueAt } from '../sorted.ts';
import { type CombinedStatistic, gates } from './statistic.ts';

/**
 * Steps towards a conditional mean that are tried, in multiples of that of a Gaussian: the
 * curvature of a learned density is not quite constant.
 */
const STEPS = [0.75, 1.5] as const;

/** Scorer whose latents, gradients and scores the second stage asks for. */
export type StageScorer = Pick<Scorer, 'score' | 'latent' | 'gradient'>;

/** Parts of a model that the second stage needs. */
export interface SecondStageParts extends Pick<CombinedStatistic, 'gradientScales' | 'history' | 'nearEnough'> {
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
  return Int32Array.from(pValues.keys()).filter((row) => valueAt(pValues, row) <= gates.latents);
}

/**
 * Scores rows of few others by density on what a sum over all dimensions hides: the largest |z_i|,
 * the nats that log p gains if the most extreme value moves to those expected given all others, and
 * the distance to the nearest training row.
 *
 * The most extreme value is that of the largest |∂ log p / ∂ x_i| in multiples of its usual size
 * s_i, and g_i / s_i² from it is the expected one: for a Gaussian, s_i is 1 / its conditional
 * standard deviation, and the gain half the squared distance in such deviations.
 * @param rows encoded, [n × width].
 * @param pValues of the rows by low density.
 */
export async function secondStage(
  { scorer, gradientScales, history, nearEnough }: SecondStageParts,
  rows: Float32Array,
  pValues: Float64Array,
): Promise<SecondStage> {
  const n = pValues.length;
  const found = noSecondStage(n);
  if (n === 0) return found;
  const [latents, gradients] = await Promise.all([scorer.latent(rows, n), scorer.gradient(rows, n)]);
  const gains = await largestGains(scorer, rows, gradients, gradientScales);
  for (let row = 0; row < n; row++) {
    found.extreme_latent[row] = largestSize(latents, row, gradientScales.length);
    found.extreme_value[row] = valueAt(gains, row);
    if (history !== null && valueAt(pValues, row) <= gates.distance) {
      found.distant[row] = history.distance(rows, row, nearEnough);
    }
  }
  return found;
}

/** Nats that log p of each row gains with its most extreme value moved; 0 if it gains none. */
async function largestGains(
  scorer: StageScorer,
  rows: Float32Array,
  gradients: Float32Array,
  scales: Float64Array,
): Promise<Float64Array> {
  const d = scales.length;
  const n = gradients.length / d;
  const width = rows.length / n;
  // The rows as they are, followed by a copy of all per step.
  const tried = new Float32Array((1 + STEPS.length) * rows.length);
  for (let copy = 0; copy <= STEPS.length; copy++) tried.set(rows, copy * rows.length);
  for (let row = 0; row < n; row++) {
    const i = mostExtreme(gradients, row, scales);
    const step = valueAt(gradients, row * d + i) / valueAt(scales, i) ** 2;
    STEPS.forEach((multiple, s) => {
      const cell = ((s + 1) * n + row) * width + i;
      const moved = valueAt(tried, cell) + multiple * step;
      if (Number.isFinite(moved)) tried[cell] = Math.max(-ENCODED_BOUND, Math.min(ENCODED_BOUND, moved));
    });
  }
  const scores = await scorer.score(tried, (1 + STEPS.length) * n);
  return Float64Array.from({ length: n }, (_, row) => {
    const before = valueAt(scores, row);
    // NaN where neither has a density, which counts as no gain.
    return STEPS.reduce((most, _step, s) => {
      const gain = valueAt(scores, (s + 1) * n + row) - before;
      return gain > most ? gain : most;
    }, 0);
  });
}

/** Dimension of the largest gradient of a row, in units of their usual sizes. */
function mostExtreme(gradients: Float32Array, row: number, scales: Float64Array): number {
  let [found, most] = [0, -1];
  for (let i = 0; i < scales.length; i++) {
    const size = Math.abs(valueAt(gradients, row * scales.length + i)) / valueAt(scales, i);
    if (size > most) [found, most] = [i, size];
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
