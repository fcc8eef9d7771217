import { exportAffine, foldedFactors } from './affine.ts';
import type { Mapped } from './affine.ts';
import { exportDense, term } from './columns.ts';
import type { Term } from './columns.ts';
import { exportFormula } from './formula.ts';
import { exportNetwork } from './network.ts';
import type { OnnxGraph, Tensor } from './onnx-graph.ts';
import { columnOps } from './ops.ts';
import type { StateColumns } from './state.ts';
import { parametersOf } from '../../plan/plan.ts';
import type { ContextualStep, LinearStep, Step, TransformStep } from '../../plan/plan.ts';
import { partWidths } from '../../steps/contextual-map.ts';
import { contextualMap } from '../../steps/contextual.ts';
import { transformFormulas } from '../../steps/transform.ts';

/** Applies a step to the state. Returns its log|det|, or null if that is constant. */
export const exportStep = (state: StateColumns, step: Step): Term | null => {
  switch (step.type) {
    case 'transform':
      return exportTransform(state, step);
    case 'linear':
      return exportLinear(state, step);
    default:
      return exportContextual(state, step);
  }
};

const exportTransform = (state: StateColumns, step: TransformStep): Term => {
  const { graph } = state;
  const { conditioning, transformed, inputClip, transformer } = step;
  const seen = conditioning.dimensions.length === 0 ? [] : [squash(graph, inputClip, state.read(conditioning))];
  const context = state.context === null ? [] : [squash(graph, inputClip, state.context)];
  const inputs = [...seen, ...context];
  const input = inputs.length === 2 ? graph.node('Concat', inputs, { axis: 1 }) : (inputs.at(0) ?? null);
  const mapped = exportAffine(state, step, input) ?? exportMap(state, step, input);
  state.write(transformed.dimensions, mapped.result);
  const logDet = state.whereObserved(transformed.dimensions, mapped.logSlope);
  const isConstant = input === null && transformer.type === 'affine' && logDet === mapped.logSlope;
  return term(logDet, transformed.dimensions.length, 1, isConstant);
};

/** Map of a transform step by its formulas. */
const exportMap = (state: StateColumns, step: TransformStep, input: Tensor | null): Mapped => {
  const { graph } = state;
  const { transformed, transformer } = step;
  const { forward } = transformFormulas(transformer);
  const { network, products } = foldedFactors(graph, step, forward);
  const parameters = exportNetwork(graph, network, input, parametersOf(transformer));
  const [result = '', logSlope = ''] = exportFormula(
    graph,
    forward,
    [state.read(transformed), ...parameters],
    products,
  );
  return { result, logSlope };
};

const exportLinear = (state: StateColumns, { read, weights, bias }: LinearStep): null => {
  const size = bias.length;
  state.write(
    read.dimensions,
    exportDense(state.graph, { inputs: size, outputs: size, weights, bias }, state.read(read)),
  );
  return null;
};

const exportContextual = (state: StateColumns, step: ContextualStep): Term => {
  const map = contextualMap(step);
  const [whole = ''] = exportNetwork(state.graph, step.network, state.context, 1);
  const parts = state.graph.split(whole, partWidths(map, step.read.dimensions.length));
  const ops = columnOps(state, step.read, parts);
  map.forward(ops);
  return term(ops.logDet, 1);
};

const squash = (graph: OnnxGraph, bound: number | null, x: Tensor): Tensor => {
  if (bound === null) return x;
  const curve = graph.node('Tanh', [graph.node('Mul', [x, graph.float([1 / bound])])]);
  return graph.node('Mul', [curve, graph.float([bound])]);
};
