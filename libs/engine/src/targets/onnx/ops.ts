import { at } from '@flowline/events';
import { sumOfColumns } from './columns.ts';
import { exportFormula } from './formula.ts';
import type { Tensor } from './onnx-graph.ts';
import type { StateColumns } from './state.ts';
import type { Reading } from '../../plan/plan.ts';
import type { ForwardOps } from '../../steps/vector-ops.ts';

/** Operations that append nodes, with the log|det| of the step, one column. */
export interface ColumnOps extends ForwardOps<Tensor, Tensor> {
  readonly logDet: Tensor;
}

/**
 * Operations on n rows as nodes of a graph: a vector is a tensor of d columns, a scalar of one.
 * Both broadcast. `parts` are the step's parameters.
 */
export const columnOps = (state: StateColumns, reading: Reading, parts: readonly Tensor[]): ColumnOps => {
  const { graph } = state;
  const { dimensions } = reading;
  const elementwise =
    (op: 'Add' | 'Sub' | 'Mul') =>
    (a: Tensor, b: Tensor): Tensor =>
      graph.node(op, [a, b]);
  const [add, sub, mul] = [elementwise('Add'), elementwise('Sub'), elementwise('Mul')];
  const part = (index: number): Tensor => at(parts, index);
  let logDet = '';
  return {
    get logDet() {
      return logDet;
    },
    u: state.read(reading),
    vector: part,
    scalar: part,
    countObserved: () => {
      const observed = state.observed(dimensions);
      return observed === null ? graph.float([dimensions.length]) : sumOfColumns(graph, observed, dimensions.length);
    },
    each: (s) => s,
    observed: (v) => state.whereObserved(dimensions, v),
    kept: (v) => v,
    add,
    sub,
    mul,
    multiplyAdd: (a, b, c) => add(mul(a, b), c),
    dot: (a, b) => sumOfColumns(graph, mul(a, b), dimensions.length),
    addScalars: add,
    formulas: (outputs, inputs) => exportFormula(graph, outputs, inputs),
    write: (v) => state.write(dimensions, v),
    addLogDet: (s) => {
      logDet = s;
    },
  };
};
