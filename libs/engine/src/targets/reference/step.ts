import { at } from '@flowline/events';
import type { GradientOf } from './parameter-gradient.ts';
import type { Network, Reading } from '../../plan/plan.ts';

/** One row on its way through a plan. */
export interface RowState {
  /** [d] */
  readonly state: Float64Array;
  /** [c] */
  readonly context: Float64Array;
  /** [d] 1 where a dimension is observed, else 0. */
  readonly observed: Float64Array;
}

/** Trace of a step on one row: its log|det|, and its reverse pass. */
export interface StepTrace {
  readonly logDet: number;
  /**
   * Takes `adjoint` from ∂L/∂(state after the step) to ∂L/∂(state before it), in place, given
   * ∂L/∂ log p of the row, and adds ∂L/∂ the parameters to `into` unless it is null. For the
   * gradient of log p itself, L is log p.
   */
  reverse(adjoint: Float64Array, scoreAdjoint: number, into: GradientOf<Network> | null): void;
}

/** u of a reading. */
export const read = ({ dimensions, scale, shift }: Reading, { state, observed }: RowState): Float64Array => {
  const u = new Float64Array(dimensions.length);
  for (let i = 0; i < u.length; i++) {
    const d = at(dimensions, i);
    u[i] = at(scale, i) * at(state, d) + at(shift, i) * at(observed, d);
  }
  return u;
};

/** Values [d] at the dimensions of a reading. */
export const pick = ({ dimensions }: Reading, values: Float64Array): Float64Array => {
  const picked = new Float64Array(dimensions.length);
  for (let i = 0; i < picked.length; i++) picked[i] = at(values, at(dimensions, i));
  return picked;
};

/** Writes values to the dimensions of a reading. */
export const put = ({ dimensions }: Reading, values: ArrayLike<number>, into: Float64Array): void => {
  dimensions.forEach((d, i) => {
    into[d] = at(values, i);
  });
};

/** Adds ∂/∂u at the dimensions of a reading to ∂/∂state. */
export const addThrough = ({ dimensions, scale }: Reading, atRead: ArrayLike<number>, adjoint: Float64Array): void => {
  dimensions.forEach((d, i) => {
    adjoint[d] = at(adjoint, d) + at(atRead, i) * at(scale, i);
  });
};

/** Σ a_i·b_i */
export const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, i) => sum + x * at(b, i), 0);
