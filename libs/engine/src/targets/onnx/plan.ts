import { at } from '@flowline/events';
import { exportFormula } from './formula.ts';
import type { OnnxGraph, Tensor } from './onnx-graph.ts';
import { sumOfColumns } from './ops.ts';
import { StateColumns } from './state.ts';
import { exportStep } from './steps.ts';
import type { Plan } from '../../plan/plan.ts';
import { baseComponents, baseFormula, componentReading, knownConstant } from '../../steps/base.ts';

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
  const { logDensity } = baseFormula(plan.base);
  const components = baseComponents(plan).map((component) => {
    const reading = componentReading(plan, component);
    const [density = ''] = exportFormula(graph, [logDensity], [state.read(reading)]);
    const observed = state.observed(reading.dimensions);
    const ofColumns = sumOfColumns(graph, density);
    const { constants, logWeight } = component;
    const added =
      observed === null
        ? graph.float([knownConstant(plan, component)])
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
