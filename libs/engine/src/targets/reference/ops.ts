import { at } from '@flowline/events';
import { dot, pick, put } from './step.ts';
import type { RowState } from './step.ts';
import { evaluator } from '../../formula/evaluate.ts';
import type { Reading } from '../../plan/plan.ts';
import type { ForwardOps, ReverseOps } from '../../steps/vector-ops.ts';

/** Number of a dimension, by its place in the reading. */
type Vector = (i: number) => number;

/** Operations on one row, with the results of a step. */
export interface RowOps extends ForwardOps<Vector, number>, ReverseOps<Vector, number> {
  readonly logDet: number;
}

/**
 * Operations on one row in float64, which are done at once. `parts` are the step's parameters, `u`
 * is its reading, and `adjoint` is ∂ log p / ∂state, changed in place.
 */
export const rowOps = (
  reading: Reading,
  row: RowState,
  parts: readonly Float64Array[],
  u: Float64Array,
  adjoint: Float64Array = new Float64Array(row.state.length),
): RowOps => {
  const observed = pick(reading, row.observed);
  const after = pick(reading, adjoint);
  let logDet = 0;
  const values = (v: Vector): Float64Array => Float64Array.from(u, (_, i) => v(i));
  return {
    get logDet() {
      return logDet;
    },
    u: (i) => at(u, i),
    adjoint: (i) => at(after, i),
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
    dot: (a, b) => dot(values(a), values(b)),
    addScalars: (a, b) => a + b,
    formulas: (outputs, inputs) => [...evaluator(outputs)(inputs)],
    write: (v) => put(reading, values(v), row.state),
    addLogDet: (s) => {
      logDet += s;
    },
    writeAdjoint: (v) =>
      put(
        reading,
        values(v).map((value, i) => value * at(reading.scale, i)),
        adjoint,
      ),
  };
};
