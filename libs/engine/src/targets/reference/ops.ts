import { at } from '@flowline/events';
import { dot, pick, put } from './step.ts';
import type { RowState } from './step.ts';
import { evaluator } from '../../formula/evaluate.ts';
import type { Reading } from '../../plan/plan.ts';
import type { ForwardOps, TrainingOps, VectorOps } from '../../steps/vector-ops.ts';

/** Number of a dimension, by its place in the reading. */
type Vector = (i: number) => number;

/**
 * Operations of the forward pass of one row in float64, which are done at once. `parts` are the
 * step's parameters, and `u` is its reading.
 */
export const forwardOps = (
  reading: Reading,
  row: RowState,
  parts: readonly Float64Array[],
  u: Float64Array,
): ForwardOps<Vector, number> & { readonly logDet: number } => {
  let logDet = 0;
  return {
    ...arithmetic(reading, row, parts, u),
    get logDet() {
      return logDet;
    },
    write: (v) => put(reading, valuesOf(v, u.length), row.state),
    addLogDet: (s) => {
      logDet += s;
    },
  };
};

/** Derivatives of a loss around a step. */
export interface StepAdjoints {
  /** ∂L/∂state, changed in place. */
  readonly adjoint: Float64Array;
  /** ∂L/∂ log p of the row. */
  readonly scoreAdjoint: number;
  /** ∂L/∂ each part of the parameters, to be written. */
  readonly atParts: readonly Float64Array[];
}

/** Operations of the reverse pass of one row, after {@link forwardOps}. */
export const trainingOps = (
  reading: Reading,
  row: RowState,
  parts: readonly Float64Array[],
  u: Float64Array,
  { adjoint, scoreAdjoint, atParts }: StepAdjoints,
): TrainingOps<Vector, number> => {
  const after = pick(reading, adjoint);
  return {
    ...arithmetic(reading, row, parts, u),
    adjoint: (i) => at(after, i),
    scoreAdjoint,
    writeVector: (part, v) => at(atParts, part).set(valuesOf(v, u.length)),
    writeScalar: (part, s) => at(atParts, part).set([s]),
    writeAdjoint: (v) =>
      put(
        reading,
        valuesOf((i) => v(i) * at(reading.scale, i), u.length),
        adjoint,
      ),
  };
};

/** Operations that neither read nor write the state. */
const arithmetic = (
  reading: Reading,
  row: RowState,
  parts: readonly Float64Array[],
  u: Float64Array,
): VectorOps<Vector, number> => {
  const observed = pick(reading, row.observed);
  return {
    u: (i) => at(u, i),
    vector: (part) => (i) => at(at(parts, part), i),
    scalar: (part) => at(at(parts, part), 0),
    countObserved: () => observed.reduce((n, o) => n + o, 0),
    each: (s) => () => s,
    observed: (v) => (i) => v(i) * at(observed, i),
    kept: (v) => v,
    add: (a, b) => (i) => a(i) + b(i),
    sub: (a, b) => (i) => a(i) - b(i),
    mul: (a, b) => (i) => a(i) * b(i),
    multiplyAdd: (a, b, c) => (i) => a(i) * b(i) + c(i),
    dot: (a, b) => dot(valuesOf(a, u.length), valuesOf(b, u.length)),
    addScalars: (a, b) => a + b,
    formulas: (outputs, inputs) => [...evaluator(outputs)(inputs)],
  };
};

const valuesOf = (v: Vector, length: number): Float64Array => Float64Array.from({ length }, (_, i) => v(i));
