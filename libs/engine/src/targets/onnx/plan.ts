import { exportFormula } from './formula.ts';
import type { OnnxGraph, Tensor } from './onnx-graph.ts';
import { StateColumns } from './state.ts';
import { exportStep, sumOfColumns } from './steps.ts';
import { at } from '../../at.ts';
import { componentsOf, normalizerOf } from '../../steps/base-components.ts';
import { constant, input, mul } from '../../formula/graph.ts';
import { studentTFormula } from '../../formula/student-t.ts';
import type { Base, Plan } from '../../plan/plan.ts';

/** log p of a plan in float32, [n × 1], from x [n × d] and its context [n × c]. */
export const exportPlan = (graph: OnnxGraph, plan: Plan, x: Tensor, context: Tensor | null): Tensor => {
  const state = new StateColumns(graph, plan, x, context);
  const terms: Tensor[] = [];
  for (const step of plan.steps) {
    const logDet = exportStep(state, step);
    if (logDet !== null) terms.push(logDet);
  }
  return [exportBase(graph, state), ...terms].reduce((sum, term) => graph.node('Add', [sum, term]));
};

/** Log-density of z under the base, plus the constant parts of the log|det|. */
const exportBase = (graph: OnnxGraph, state: StateColumns): Tensor => {
  const { plan } = state;
  const components = componentsOf(plan.base).map(({ logWeight, location, logScale }) => {
    const dimensions = Int32Array.from(plan.order).sort();
    const shrink = logScale.map((value) => Math.exp(-value));
    const y = state.read({
      dimensions,
      scale: plan.scale.map((scale, d) => scale * at(shrink, d)),
      shift: plan.shift.map((shift, d) => (shift - at(location, d)) * at(shrink, d)),
    });
    const [density = ''] = exportFormula(graph, [logDensityOf(plan.base)], [y]);
    const constants = plan.logScale.map((value, d) => value - at(logScale, d) + normalizerOf(plan.base));
    const observed = state.observed(dimensions);
    const ofColumns = sumOfColumns(graph, density);
    const added =
      observed === null
        ? graph.float([constants.reduce((sum, value) => sum + value, logWeight)])
        : graph.node('Gemm', [observed, graph.float(constants, plan.features, 1), graph.float([logWeight], 1)]);
    return graph.node('Add', [ofColumns, added]);
  });
  return logSumExp(graph, components);
};

/** log Σ e^term of tensors [n × 1]. NaN if every term is −∞. */
export const logSumExp = (graph: OnnxGraph, terms: readonly Tensor[]): Tensor => {
  if (terms.length === 1) return at(terms, 0);
  const all = graph.node('Concat', terms, { axis: 1 });
  const largest = graph.node('ReduceMax', [all], { axes: [1], keepdims: 1 });
  const sum = sumOfColumns(graph, graph.node('Exp', [graph.node('Sub', [all, largest])]));
  return graph.node('Add', [largest, graph.node('Log', [sum])]);
};

const logDensityOf = (base: Base) =>
  base.type === 'studentT'
    ? studentTFormula(base.degreesOfFreedom).logDensity
    : mul(mul(input(0), input(0)), constant(-0.5));
