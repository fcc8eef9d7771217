import { applyAffineCoupling } from './affine-coupling.ts';
import type { RowState, StepTrace } from './affine-coupling.ts';
import { at } from '../at.ts';
import type { Plan, Step } from '../plan.ts';

/** What a plan says of one row, in float64. */
export interface ReferenceResult {
  /** log p in nats. */
  readonly score: number;
  /** [d] z */
  readonly latent: Float64Array;
  /** [d] ∂ log p / ∂ x; a dimension that is not observed has 0. */
  gradient(): Float64Array;
}

/**
 * Runs a plan on one row [x | context], in float64 and without any shortcut: the truth that every emitter is tested
 * against. The gradient is a reverse pass over the plan.
 */
export const interpret = (plan: Plan, row: ArrayLike<number>): ReferenceResult => {
  const context = Float64Array.from({ length: plan.context }, (_, i) => at(row, plan.features + i));
  const observed = Float64Array.from(plan.presence, (column) => (column === null || at(context, column) > 0.5 ? 1 : 0));
  const state = Float64Array.from({ length: plan.features }, (_, i) => (at(observed, i) === 1 ? at(row, i) : 0));
  const traces = plan.steps.map((step) => applyStep(step, { state, context, observed }));
  const z = state.map((value, i) => at(plan.scale, i) * value + at(plan.shift, i) * at(observed, i));
  let score = traces.reduce((sum, trace) => sum + trace.logDet, 0);
  z.forEach((value, i) => {
    score += at(observed, i) * (at(plan.logScale, i) - 0.5 * Math.log(2 * Math.PI)) - 0.5 * value * value;
  });
  return {
    score,
    latent: Float64Array.from(plan.order, (dimension) => at(z, dimension)),
    gradient: () => {
      const adjoint = z.map((value, i) => -value * at(plan.scale, i));
      for (const trace of [...traces].reverse()) trace.reverse(adjoint);
      return adjoint.map((value, i) => value * at(observed, i));
    },
  };
};

/** One line per type of step. */
const applySteps: { readonly [T in Step['type']]: (step: Extract<Step, { type: T }>, row: RowState) => StepTrace } = {
  affineCoupling: applyAffineCoupling,
};

const applyStep = (step: Step, row: RowState): StepTrace => applySteps[step.type](step, row);
