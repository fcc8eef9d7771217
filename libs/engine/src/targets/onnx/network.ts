import { at } from '@flowline/events';
import type { OnnxGraph, Tensor } from './onnx-graph.ts';
import { LEAKY_SLOPE, valueWidths } from '../../plan/plan.ts';
import type { Activation, DenseLayer, Network } from '../../plan/plan.ts';

/**
 * Exports a network over its input [n × inputs], or null if it has none. Returns its outputs as
 * `parts` tensors of equal width.
 */
export const exportNetwork = (
  graph: OnnxGraph,
  network: Network,
  input: Tensor | null,
  parts: number,
): readonly Tensor[] => {
  const values: (Tensor | null)[] = [input];
  const value = (index: number): Tensor => {
    const found = at(values, index);
    if (found === null) throw new RangeError(`value ${index} of the network has no tensor`);
    return found;
  };
  for (const layer of network.layers) {
    switch (layer.type) {
      case 'dense':
        values.push(exportActivation(graph, layer.activation, exportDense(graph, layer, at(values, layer.source))));
        break;
      case 'activation':
        values.push(exportActivation(graph, layer.activation, value(layer.source)));
        break;
      case 'sum':
        values.push(graph.node('Add', layer.sources.map(value)));
        break;
    }
  }
  const outputs = network.outputs.map(value);
  if (outputs.length === parts) return outputs;
  const widths = valueWidths(network);
  const width = network.outputs.reduce((sum, output) => sum + at(widths, output), 0);
  const whole = outputs.length === 1 ? at(outputs, 0) : graph.node('Concat', outputs, { axis: 1 });
  return graph.split(whole, new Array<number>(parts).fill(width / parts));
};

/** v·W + bias. Without an input, only the bias, [1 × outputs]. */
export const exportDense = (
  graph: OnnxGraph,
  { inputs, outputs, weights, bias }: Pick<DenseLayer, 'inputs' | 'outputs' | 'weights' | 'bias'>,
  input: Tensor | null,
): Tensor => {
  if (inputs === 0 || input === null) return graph.float(bias, 1, outputs);
  return graph.node('Gemm', [input, graph.float(weights, inputs, outputs), graph.float(bias, outputs)]);
};

const exportActivation = (graph: OnnxGraph, activation: Activation, x: Tensor): Tensor => {
  switch (activation) {
    case 'linear':
      return x;
    case 'relu':
      return graph.node('Relu', [x]);
    case 'leakyRelu':
      return graph.node('LeakyRelu', [x], { alpha: { float: LEAKY_SLOPE } });
    case 'tanh':
      return graph.node('Tanh', [x]);
    case 'sigmoid':
      return graph.node('Sigmoid', [x]);
    case 'elu':
      return graph.node('Elu', [x]);
  }
};
