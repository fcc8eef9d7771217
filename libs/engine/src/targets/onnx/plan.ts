import { at, atOnce, type Steps } from '@flowline/events';
import { sumOfColumns, term, weightedSum } from './columns.ts';
import type { Term } from './columns.ts';
import { exportFormula } from './formula.ts';
import type { OnnxGraph, Tensor } from './onnx-graph.ts';
import { StateColumns } from './state.ts';
import { exportStep } from './steps.ts';
import type { Node } from '../../formula/graph.ts';
import type { Plan } from '../../plan/plan.ts';
import { baseComponents, baseFormula, componentReading, knownConstant } from '../../steps/base.ts';
import type { BaseComponent } from '../../steps/base.ts';

/** log p of a plan in float32, one column, from the columns of x and of its context. */
export const exportPlan = (graph: OnnxGraph, plan: Plan, x: Tensor, context: Tensor | null): Tensor =>
  atOnce(scoreExport(graph, plan, x, context));

/** The same step by step. */
export function* scoreExport(graph: OnnxGraph, plan: Plan, x: Tensor, context: Tensor | null): Steps<Tensor> {
  const state = new StateColumns(graph, plan, x, context);
  const terms = yield* exportSteps(state);
  const components = baseComponents(plan).map((component) => exportComponent(graph, state, component));
  const [single, ...others] = components;
  if (single !== undefined && others.length === 0) {
    return weightedSum(graph, [...single.terms, ...terms], single.constant);
  }
  const densities = components.map(({ terms: of, constant }) => weightedSum(graph, of, constant));
  return weightedSum(graph, [term(logSumExp(graph, densities), 1), ...terms], 0);
}

/** Latent of a plan in float32, d columns, 0 where a feature is missing. */
export function* latentExport(graph: OnnxGraph, plan: Plan, x: Tensor, context: Tensor | null): Steps<Tensor> {
  const state = new StateColumns(graph, plan, x, context);
  yield* exportSteps(state);
  const { order: dimensions, scale, shift } = plan;
  const inOrder = (values: Float64Array): Float64Array => Float64Array.from(dimensions, (d) => at(values, d));
  return state.read({ dimensions, scale: inOrder(scale), shift: inOrder(shift) });
}

/** Applies the steps to the state. Returns their log|det|, except constant ones. */
function* exportSteps(state: StateColumns): Steps<readonly Term[]> {
  const terms: Term[] = [];
  for (const step of state.plan.steps) {
    const logDet = exportStep(state, step);
    if (logDet !== null) terms.push(logDet);
    yield;
  }
  return terms;
}

/** Log-density of z under a component of the base, plus the constant parts of the log|det|. */
const exportComponent = (
  graph: OnnxGraph,
  state: StateColumns,
  component: BaseComponent,
): { readonly terms: readonly Term[]; readonly constant: number } => {
  const { plan } = state;
  const reading = componentReading(plan, component);
  const { logDensity } = baseFormula(plan.base);
  const [formula, weight] = graph.form === 'portable' ? ([logDensity, 1] as const) : withoutFactor(logDensity);
  const [density = ''] = exportFormula(graph, [formula], [state.read(reading)]);
  const observed = state.observed(reading.dimensions);
  const ofColumns = term(density, plan.features, weight);
  if (observed === null) return { terms: [ofColumns], constant: knownConstant(plan, component) };
  const { constants, logWeight } = component;
  return { terms: [ofColumns, { tensor: observed, weights: constants, isConstant: false }], constant: logWeight };
};

/** Formula without the constant that it is multiplied by at last, and that constant. */
const withoutFactor = (formula: Node): readonly [Node, number] => {
  const [a, b] = formula.args;
  return formula.op === 'mul' && a !== undefined && b?.op === 'constant' ? [a, b.value] : [formula, 1];
};

/** log Σ e^term of tensors of one column. NaN if every term is −∞. */
export const logSumExp = (graph: OnnxGraph, terms: readonly Tensor[], type: 'float' | 'double' = 'float'): Tensor => {
  if (terms.length === 1) return at(terms, 0);
  const all = graph.node('Concat', terms, { axis: 1 });
  const largest = graph.node('ReduceMax', [all], { axes: [1], keepdims: 1 });
  const shares = graph.node('Exp', [graph.node('Sub', [all, largest])]);
  return graph.node('Add', [largest, graph.node('Log', [sumOfColumns(graph, shares, terms.length, type)])]);
};
