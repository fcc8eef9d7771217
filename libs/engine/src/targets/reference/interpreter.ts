import { at } from '@flowline/events';
import { evaluateBase } from './base.ts';
import { applyContextual } from './contextual.ts';
import { applyLinear } from './linear.ts';
import type { RowState, StepTrace } from './step.ts';
import { applyTransform } from './transform.ts';
import type { Plan, Step } from '../../plan/plan.ts';

/** Result of a plan for one row, in float64. */
export interface ReferenceResult {
  /** log p in nats. */
  readonly score: number;
  /** [d] z */
  readonly latent: Float64Array;
  /** [d] ∂ log p / ∂x. 0 for a dimension that is not observed. */
  gradient(): Float64Array;
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
  const logDet = traces.reduce((sum, trace) => sum + trace.logDet, 0);
  const logScale = observed.reduce((sum, here, i) => sum + here * at(plan.logScale, i), 0);
  return {
    score: base.logDensity + logDet + logScale,
    latent: Float64Array.from(plan.order, (dimension) => at(z, dimension)),
    gradient: () => {
      const adjoint = base.slope.map((slope, i) => slope * at(plan.scale, i));
      for (const trace of [...traces].reverse()) trace.reverse(adjoint);
      return adjoint.map((value, i) => value * at(observed, i));
    },
  };
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
