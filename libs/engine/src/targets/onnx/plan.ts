import { at, atOnce, type Steps } from '@flowline/events';
import { exportFormula } from './formula.ts';
import type { OnnxGraph, Tensor } from './onnx-graph.ts';
import { sumOfColumns } from './ops.ts';
import { StateColumns } from './state.ts';
import { exportStep } from './steps.ts';
import type { Plan } from '../../plan/plan.ts';
import { baseComponents, baseFormula, componentReading, knownConstant } from '../../steps/base.ts';

/** log p of a plan in float32, [n × 1], from x [n × d] and its context [n × c]. */
export const exportPlan = (graph: OnnxGraph, plan: Plan, x: Tensor, context: Tensor | null): Tensor =>
  atOnce(scoreExport(graph, plan, x, context));

/** The same step by step. */
export function* scoreExport(graph: OnnxGraph, plan: Plan, x: Tensor, context: Tensor | null): Steps<Tensor> {
  const state = new StateColumns(graph, plan, x, context);
  const terms = yield* exportSteps(state);
  return [exportBase(graph, state), ...terms].reduce((sum, term) => graph.node('Add', [sum, term]));
}

/** Latent of a plan in float32, [n × d], 0 where a feature is missing. */
export function* latentExport(graph: OnnxGraph, plan: Plan, x: Tensor, context: Tensor | null): Steps<Tensor> {
  const state = new StateColumns(graph, plan, x, context);
  yield* exportSteps(state);
  const { order: dimensions, scale, shift } = plan;
  const inOrder = (values: Float64Array): Float64Array => Float64Array.from(dimensions, (d) => at(values, d));
  return state.read({ dimensions, scale: inOrder(scale), shift: inOrder(shift) });
}

/** Applies the steps to the state. Returns their log|det| [n × 1], except constant ones. */
function* exportSteps(state: StateColumns): Steps<readonly Tensor[]> {
  const terms: Tensor[] = [];
  for (const step of state.plan.steps) {
    const logDet = exportStep(state, step);
    if (logDet !== null) terms.push(logDet);
    yield;
  }
  return terms;
}

/** Log-density of z under the base, plus the constant parts of the log|det|. */
const exportBase = (graph: OnnxGraph, state: StateColumns): Tensor => {
  const { plan } = state;
  const { logDensity } = baseFormula(plan.base);
  const components = baseComponents(plan).map((component) => {
    const reading = componentReading(plan, component);
    const [density = ''] = exportFormula(graph, [logDensity], [state.read(reading)]);
    const observed = state.observed(reading.dimensions);
    const ofColumns = sumOfColumns(graph, density, plan.features);
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
export const logSumExp = (graph: OnnxGraph, terms: readonly Tensor[], type: 'float' | 'double' = 'float'): Tensor => {
  if (terms.length === 1) return at(terms, 0);
  const all = graph.node('Concat', terms, { axis: 1 });
  const largest = graph.node('ReduceMax', [all], { axes: [1], keepdims: 1 });
  const shares = graph.node('Exp', [graph.node('Sub', [all, largest])]);
  return graph.node('Add', [largest, graph.node('Log', [sumOfColumns(graph, shares, terms.length, type)])]);
};
