import { at } from '@flowline/events';
import { Random } from '@flowline/flows';
import type { Flow } from '@flowline/flows';

import { distanceToKink } from './kinks.ts';
import { flatValues, presentRows } from './random-flow.ts';
import { relativeError } from './relative-error.ts';
import { lowerTraining } from '../lower/training-plan.ts';
import type { TrainingPlan } from '../plan/training-plan.ts';
import { withValues } from '../plan/training-plan.ts';
import { trainingGradient } from '../targets/reference/training.ts';

/** Batch of rows for a training plan with some values of its parameters. */
export interface TrainingBatch {
  readonly plan: TrainingPlan;
  readonly values: Float64Array;
  readonly rows: Float32Array;
  /** [n] */
  readonly weights: Float64Array;
}

/** Random batch of n rows for a flow, with weights as in {@link smoothWeights}. */
export const batchOf = (flow: Flow, n: number, leastDistance: number, seed: number): TrainingBatch => {
  const random = new Random(seed);
  const [plan, values, rows] = [lowerTraining(flow), flatValues(flow), presentRows(flow, n, random)];
  return { plan, values, rows, weights: smoothWeights(plan, values, rows, leastDistance, random) };
};

/** Random weights of rows, 0 for a row closer to a kink than `leastDistance`. */
export const smoothWeights = (
  plan: TrainingPlan,
  values: Float64Array,
  rows: Float32Array,
  leastDistance: number,
  random: Random,
): Float64Array => {
  const valued = withValues(plan, values);
  const width = valued.features + valued.context;
  return Float64Array.from({ length: rows.length / width }, (_, i) => {
    const weight = random.uniform();
    return distanceToKink(valued, rows.subarray(i * width, (i + 1) * width)) < leastDistance ? 0 : weight;
  });
};

/** Loss of a batch for other values of the parameters. */
export const lossOf =
  ({ plan, rows, weights }: TrainingBatch) =>
  (values: Float64Array): number =>
    trainingGradient(plan, values, rows, weights.length, weights).logP.reduce(
      (sum, logP, i) => (at(weights, i) === 0 ? sum : sum - at(weights, i) * logP),
      0,
    );

/** Gradient of the loss of a batch, in float64. */
export const gradientOf = ({
  plan,
  values,
  rows,
  weights,
}: Omit<TrainingBatch, 'rows'> & { rows: ArrayLike<number> }): Float64Array =>
  trainingGradient(plan, values, rows, weights.length, weights).gradient;

/** Rounding of float32, at most. */
const ULP = 2 ** -23;

/**
 * Condition of a gradient in float32: its relative error after a relative change of 2⁻²³ of every
 * parameter and every number of the rows, the larger one of two random changes.
 */
export const roundingError = (batch: TrainingBatch, seed: number): number => {
  const random = new Random(seed);
  const nudged = (of: ArrayLike<number>): Float64Array =>
    Float64Array.from(of, (value) => value * (1 + (random.uniform() < 0.5 ? ULP : -ULP)));
  const gradient = gradientOf(batch);
  const errorOfOne = (): number =>
    relativeError(gradientOf({ ...batch, values: nudged(batch.values), rows: nudged(batch.rows) }), gradient);
  return Math.max(errorOfOne(), errorOfOne());
};
