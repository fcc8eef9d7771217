import { at } from '@flowline/events';
import { exportFormula } from './formula.ts';
import { exportDense, exportNetwork } from './network.ts';
import type { OnnxGraph, Tensor } from './onnx-graph.ts';
import { columnOps, sumOfColumns } from './ops.ts';
import type { StateColumns } from './state.ts';
import { parametersOf } from '../../plan/plan.ts';
import type { ContextualStep, LinearStep, Step, TransformStep } from '../../plan/plan.ts';
import { partWidths } from '../../steps/contextual-map.ts';
import { contextualMap } from '../../steps/contextual.ts';
import { transformFormulas } from '../../steps/transform.ts';

/** Applies a step to the state. Returns its log|det| [n × 1], or null if that is constant. */
export const exportStep = (state: StateColumns, step: Step): Tensor | null => {
  switch (step.type) {
    case 'transform':
      return exportTransform(state, step);
    case 'linear':
      return exportLinear(state, step);
    default:
      return exportContextual(state, step);
  }
};

const exportTransform = (state: StateColumns, step: TransformStep): Tensor => {
  const { graph } = state;
  const { conditioning, transformed, inputClip, transformer, network } = step;
  const seen = conditioning.dimensions.length === 0 ? [] : [squash(graph, inputClip, state.read(conditioning))];
  const context = state.context === null ? [] : [squash(graph, inputClip, state.context)];
  const inputs = [...seen, ...context];
  const input = inputs.length === 2 ? graph.node('Concat', inputs, { axis: 1 }) : (inputs.at(0) ?? null);
  const parameters = exportNetwork(graph, network, input, parametersOf(transformer));
  const outputs = exportFormula(graph, transformFormulas(transformer).forward, [
    state.read(transformed),
    ...parameters,
  ]);
  state.write(transformed.dimensions, at(outputs, 0));
  const logDet = state.whereObserved(transformed.dimensions, at(outputs, 1));
  return sumOfColumns(graph, logDet, transformed.dimensions.length);
};

const exportLinear = (state: StateColumns, { read, weights, bias }: LinearStep): null => {
  const size = bias.length;
  state.write(
    read.dimensions,
    exportDense(state.graph, { inputs: size, outputs: size, weights, bias }, state.read(read)),
  );
  return null;
};

const exportContextual = (state: StateColumns, step: ContextualStep): Tensor => {
  const map = contextualMap(step);
  const [whole = ''] = exportNetwork(state.graph, step.network, state.context, 1);
  const parts = state.graph.split(whole, partWidths(map, step.read.dimensions.length));
  const ops = columnOps(state, step.read, parts);
  map.forward(ops);
  return ops.logDet;
};

const squash = (graph: OnnxGraph, bound: number | null, x: Tensor): Tensor => {
  if (bound === null) return x;
  const curve = graph.node('Tanh', [graph.node('Mul', [x, graph.float([1 / bound])])]);
  return graph.node('Mul', [curve, graph.float([bound])]);
};
