import { logScale, logScaleSlope, squash, squashSlope } from './activation.ts';
import { outputsOf, reverseNetwork, runNetwork } from './network.ts';
import { at } from '../at.ts';
import type { AffineCouplingStep } from '../plan.ts';

/** One row on its way through a plan. */
export interface RowState {
  /** [d] */
  readonly state: Float64Array;
  /** [c] */
  readonly context: Float64Array;
  /** [d] 1 where a dimension is observed, else 0. */
  readonly observed: Float64Array;
}

/** What a step did to one row: its log|det|, and how to pull the derivative of log p with respect to the state back through it. */
export interface StepTrace {
  readonly logDet: number;
  /** adjoint: ∂/∂(state after the step) → ∂/∂(state before it), in place; the step's own log|det| counts. */
  reverse(adjoint: Float64Array): void;
}

/** Applies an affine coupling to the state of a row, in place. */
export const applyAffineCoupling = (step: AffineCouplingStep, row: RowState): StepTrace => {
  const { state, context, observed } = row;
  const read = (dimension: number, scale: number, shift: number): number =>
    scale * at(state, dimension) + shift * at(observed, dimension);
  const seen = Array.from(step.conditioning, (dimension, i) =>
    squash(step.inputClip, read(dimension, at(step.conditioningScale, i), at(step.conditioningShift, i))),
  );
  const input = Float64Array.from([...seen, ...Array.from(context, (value) => squash(step.inputClip, value))]);
  const values = runNetwork(step.network, input);
  const outputs = outputsOf(step.network, values);
  const width = step.transformed.length;
  const log = Array.from(step.transformed, (_, i) => logScale(step.scale, at(outputs, i)));
  const before = Array.from(step.transformed, (dimension, i) =>
    read(dimension, at(step.transformedScale, i), at(step.transformedShift, i)),
  );
  const factor = Array.from(step.transformed, (dimension, i) => Math.exp(at(log, i) * at(observed, dimension)));
  let logDet = 0;
  step.transformed.forEach((dimension, i) => {
    const here = at(observed, dimension);
    state[dimension] = at(before, i) * at(factor, i) + at(outputs, width + i) * here;
    logDet += at(log, i) * here;
  });
  return {
    logDet,
    reverse: (adjoint) => {
      const behindNetwork = new Float64Array(2 * width);
      step.transformed.forEach((dimension, i) => {
        const here = at(observed, dimension);
        const a = at(adjoint, dimension);
        const atScale = (a * at(before, i) * at(factor, i) + 1) * here;
        behindNetwork[i] = atScale * logScaleSlope(step.scale, at(log, i));
        behindNetwork[width + i] = a * here;
        adjoint[dimension] = a * at(factor, i) * at(step.transformedScale, i);
      });
      const atInput = reverseNetwork(step.network, values, behindNetwork);
      step.conditioning.forEach((dimension, i) => {
        const slope = squashSlope(step.inputClip, at(seen, i)) * at(step.conditioningScale, i);
        adjoint[dimension] = at(adjoint, dimension) + at(atInput, i) * slope;
      });
    },
  };
};
