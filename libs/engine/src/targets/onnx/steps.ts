import { exportFormula } from './formula.ts';
import { exportDense, exportNetwork } from './network.ts';
import type { OnnxGraph, Tensor } from './onnx-graph.ts';
import type { StateColumns } from './state.ts';
import { at } from '../../at.ts';
import { planarFormula } from '../../formula/planar.ts';
import { radialFormula } from '../../formula/radial.ts';
import { transformerFormula } from '../../formula/transformers.ts';
import { parametersOf } from '../../plan/plan.ts';
import type { LinearStep, PlanarStep, RadialStep, Step, TransformStep } from '../../plan/plan.ts';

/** Applies a step to the state. Returns its log|det| [n × 1], or null if that is constant. */
export const exportStep = (state: StateColumns, step: Step): Tensor | null => {
  switch (step.type) {
    case 'transform':
      return exportTransform(state, step);
    case 'linear':
      return exportLinear(state, step);
    case 'planar':
      return exportPlanar(state, step);
    case 'radial':
      return exportRadial(state, step);
  }
};

const exportTransform = (state: StateColumns, step: TransformStep): Tensor => {
  const { graph } = state;
  const { conditioning, transformed, inputClip, transformer, network } = step;
  const seen = conditioning.dimensions.length === 0 ? [] : [squash(graph, inputClip, state.read(conditioning))];
  const context = state.context === null ? [] : [squash(graph, inputClip, state.context)];
  const inputs = [...seen, ...context];
  const input = inputs.length === 2 ? graph.node('Concat', inputs, { axis: 1 }) : (inputs[0] ?? null);
  const parameters = exportNetwork(graph, network, input, parametersOf(transformer));
  const { result, logSlope } = transformerFormula(transformer);
  const outputs = exportFormula(graph, [result, logSlope], [state.read(transformed), ...parameters]);
  state.write(transformed.dimensions, at(outputs, 0));
  return sumOfColumns(graph, state.whereObserved(transformed.dimensions, at(outputs, 1)));
};

const exportLinear = (state: StateColumns, { read, weights, bias }: LinearStep): null => {
  const size = bias.length;
  state.write(
    read.dimensions,
    exportDense(state.graph, { inputs: size, outputs: size, weights, bias }, state.read(read)),
  );
  return null;
};

const exportPlanar = (state: StateColumns, { read, leastSlope, network }: PlanarStep): Tensor => {
  const { graph } = state;
  const d = read.dimensions.length;
  const [whole = ''] = exportNetwork(graph, network, state.context, 1);
  const [rawW = '', rawU = '', b = ''] = graph.split(whole, [d, d, 1]);
  const [w, u] = [state.whereObserved(read.dimensions, rawW), state.whereObserved(read.dimensions, rawU)];
  const x = state.read(read);
  const dot = (a: Tensor, c: Tensor): Tensor => sumOfColumns(graph, graph.node('Mul', [a, c]));
  const formula = planarFormula(leastSlope);
  const inputs = [dot(w, u), dot(w, w), graph.node('Add', [dot(w, x), b])];
  const [correction = '', tanh = '', logDet = ''] = exportFormula(
    graph,
    [formula.correction, formula.tanh, formula.logDet],
    inputs,
  );
  const uHat = graph.node('Add', [u, graph.node('Mul', [correction, w])]);
  state.write(read.dimensions, graph.node('Add', [x, graph.node('Mul', [uHat, tanh])]));
  return logDet;
};

const exportRadial = (state: StateColumns, { read, network }: RadialStep): Tensor => {
  const { graph } = state;
  const d = read.dimensions.length;
  const [whole = ''] = exportNetwork(graph, network, state.context, 1);
  const [center = '', alpha = '', beta = ''] = graph.split(whole, [d, 1, 1]);
  const x = state.read(read);
  const offset = state.whereObserved(read.dimensions, graph.node('Sub', [x, center]));
  const observed = state.observed(read.dimensions);
  const count = observed === null ? graph.float([d]) : sumOfColumns(graph, observed);
  const square = sumOfColumns(graph, graph.node('Mul', [offset, offset]));
  const { q, logDet } = radialFormula();
  const [factor = '', total = ''] = exportFormula(graph, [q, logDet], [square, alpha, beta, count]);
  state.write(read.dimensions, graph.node('Add', [x, graph.node('Mul', [factor, offset])]));
  return total;
};

/** Σ over the columns, [n × 1]. */
export const sumOfColumns = (graph: OnnxGraph, of: Tensor): Tensor =>
  graph.node('ReduceSum', [of, graph.int64([1])], { keepdims: 1 });

const squash = (graph: OnnxGraph, bound: number | null, x: Tensor): Tensor => {
  if (bound === null) return x;
  const curve = graph.node('Tanh', [graph.node('Mul', [x, graph.float([1 / bound])])]);
  return graph.node('Mul', [curve, graph.float([bound])]);
};
