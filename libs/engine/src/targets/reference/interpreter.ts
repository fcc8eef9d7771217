import { at } from '@flowline/events';
import { evaluateBase } from './base.ts';
import { applyContextual } from './contextual.ts';
import { applyLinear } from './linear.ts';
import type { GradientOf } from './parameter-gradient.ts';
import type { RowState, StepTrace } from './step.ts';
import { applyTransform } from './transform.ts';
import type { Network, Plan, Step } from '../../plan/plan.ts';

/** Result of a plan for one row, in float64. */
export interface ReferenceResult {
  /** log p in nats. */
  readonly score: number;
  /** [d] z */
  readonly latent: Float64Array;
  /** [d] ∂ log p / ∂x. 0 for a dimension that is not observed. */
  gradient(): Float64Array;
  /**
   * Adds ∂L/∂ the parameters of the flow, given ∂L/∂ log p of this row. The plan has the structure
   * of the places.
   */
  addGradient(scoreAdjoint: number, into: GradientOf<Plan>): void;
}

/**
 * Runs a plan on one row [x | context], in float64 and without shortcuts. Every emitter is tested
 * against it. The gradient is a reverse pass over the plan.
 */
export const interpret = (plan: Plan, row: ArrayLike<number>): ReferenceResult => {
  const context = Float64Array.from({ length: plan.context }, (_, i) => at(row, plan.features + i));
  const observed = Float64Array.from(plan.presence, (column) => (column === null || at(context, column) > 0.5 ? 1 : 0));
  const state = Float64Array.from({ length: plan.features }, (_, i) => (at(observed, i) === 1 ? at(row, i) : 0));
  const traces = plan.steps.map((step) => applyStep(step, { state, context, observed }));
  const z = state.map((value, i) => at(plan.scale, i) * value + at(plan.shift, i) * at(observed, i));
  const base = evaluateBase(plan.base, z, observed);
  const reverse = (scoreAdjoint: number, into: GradientOf<Plan> | null): Float64Array => {
    const adjoint = base.reverse(scoreAdjoint, into === null ? null : { ...into, places: into.places.base });
    adjoint.forEach((slope, i) => {
      adjoint[i] = slope * at(plan.scale, i);
    });
    [...traces.entries()].reverse().forEach(([i, trace]) => {
      trace.reverse(adjoint, scoreAdjoint, into === null ? null : networkOf(into, i));
    });
    return adjoint;
  };
  const logDet = traces.reduce((sum, trace) => sum + trace.logDet, 0);
  const logScale = observed.reduce((sum, here, i) => sum + here * at(plan.logScale, i), 0);
  return {
    score: base.logDensity + logDet + logScale,
    latent: Float64Array.from(plan.order, (dimension) => at(z, dimension)),
    gradient: () => reverse(1, null).map((value, i) => value * at(observed, i)),
    addGradient: reverse,
  };
};

const networkOf = ({ places, gradient }: GradientOf<Plan>, index: number): GradientOf<Network> | null => {
  const step = at(places.steps, index);
  return step.type === 'linear' ? null : { places: step.network, gradient };
};

/** Applies a step. */
const applyStep = (step: Step, row: RowState): StepTrace => {
  switch (step.type) {
    case 'transform':
      return applyTransform(step, row);
    case 'linear':
      return applyLinear(step, row);
    default:
      return applyContextual(step, row);
  }
};
