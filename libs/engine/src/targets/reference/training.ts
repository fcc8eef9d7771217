import { at } from '@flowline/events';
import { interpret } from './interpreter.ts';
import { ParameterGradient } from './parameter-gradient.ts';
import { withValues } from '../../plan/training-plan.ts';
import type { TrainingPlan } from '../../plan/training-plan.ts';

/** Scores of the rows of a batch, and the gradient of its loss. */
export interface TrainingGradient {
  /** [n] log p in nats. */
  readonly logP: Float64Array;
  /** [parameters] ∂L/∂ each parameter of the flow, in the order of `flow.variables`. */
  readonly gradient: Float64Array;
}

/**
 * Gradient of L = −Σ weight·log p over n rows [x | context], in float64. Every target that trains
 * is tested against it.
 *
 * @param values [parameters] of the flow, in the order of `flow.variables`.
 * @param weights [n], 1/n each by default. A row of weight 0 has no part in the gradient, whatever
 * its values are.
 */
export const trainingGradient = (
  training: TrainingPlan,
  values: ArrayLike<number>,
  rows: ArrayLike<number>,
  n: number,
  weights: ArrayLike<number> = new Float64Array(n).fill(1 / n),
): TrainingGradient => {
  const plan = withValues(training, values);
  const width = plan.features + plan.context;
  const gradient = new ParameterGradient(training.parameters);
  const logP = Float64Array.from({ length: n }, (_, i) => {
    const result = interpret(
      plan,
      Float64Array.from({ length: width }, (_, j) => at(rows, i * width + j)),
    );
    if (at(weights, i) !== 0) result.addGradient(-at(weights, i), { places: training.places, gradient });
    return result.score;
  });
  return { logP, gradient: gradient.values };
};
