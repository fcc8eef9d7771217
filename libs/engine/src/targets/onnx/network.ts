import { at } from '@flowline/events';
import { exportDense, inBlocks, widened } from './columns.ts';
import type { Dense } from './columns.ts';
import type { OnnxGraph, Tensor } from './onnx-graph.ts';
import { LEAKY_SLOPE, valueWidths } from '../../plan/plan.ts';
import type { Activation, DenseLayer, Layer, Network } from '../../plan/plan.ts';

/**
 * Exports a network over its input, or null if it has none. Returns its outputs as `parts` tensors
 * of equal width.
 */
export const exportNetwork = (
  graph: OnnxGraph,
  network: Network,
  input: Tensor | null,
  parts: number,
): readonly Tensor[] => {
  const value = exportValues(graph, network, input);
  const outputs = network.outputs.map(value);
  if (outputs.length === parts) return outputs;
  const widths = valueWidths(network);
  const width = network.outputs.reduce((sum, output) => sum + at(widths, output), 0);
  const whole = outputs.length === 1 ? at(outputs, 0) : graph.node('Concat', outputs, { axis: 1 });
  return graph.split(whole, new Array<number>(parts).fill(width / parts));
};

/** Dense layer without an activation, with the tensor that it multiplies. */
export interface LastLayer {
  readonly layer: Dense;
  readonly source: Tensor;
}

/**
 * Exports a network without its last layers, which are returned: one per part of the outputs. Null
 * if the outputs come from anything but dense layers, or without an input.
 */
export const exportHidden = (
  graph: OnnxGraph,
  network: Network,
  input: Tensor | null,
  parts: number,
): readonly LastLayer[] | null => {
  const layers = network.outputs.map((output) => network.layers.at(output - 1));
  const last = layers.flatMap((layer) => (layer?.type === 'dense' && layer.activation === 'linear' ? [layer] : []));
  if (input === null || last.length < layers.length || ![1, parts].includes(last.length)) return null;
  const value = exportValues(graph, network, input, network.outputs);
  const split = last.length === parts ? last : partsOf(at(last, 0), parts);
  return split.map((layer) => ({ layer, source: value(layer.source) }));
};

/** Layers that each make some of the outputs of one. */
const partsOf = (layer: DenseLayer, parts: number): readonly DenseLayer[] => {
  const outputs = layer.outputs / parts;
  return Array.from({ length: parts }, (_, part) => {
    const isOwn = (_value: number, i: number): boolean => Math.floor((i % layer.outputs) / outputs) === part;
    return { ...layer, outputs, weights: layer.weights.filter(isOwn), bias: layer.bias.filter(isOwn) };
  });
};

/** Exports the values of a network, except some. Returns their tensors by index. */
const exportValues = (
  graph: OnnxGraph,
  network: Network,
  input: Tensor | null,
  except: readonly number[] = [],
): ((index: number) => Tensor) => {
  const widths = valueWidths(network);
  const columns = widths.map((width, value) => columnsOf(graph, network, value, width));
  const first = input === null ? null : widened(graph, input, at(widths, 0), at(columns, 0));
  const values: (Tensor | null)[] = [first];
  const value = (index: number): Tensor => {
    const found = at(values, index);
    if (found === null) throw new RangeError(`value ${index} of the network has no tensor`);
    return found;
  };
  network.layers.forEach((layer, i) => {
    if (except.includes(i + 1)) {
      values.push(null);
      return;
    }
    switch (layer.type) {
      case 'dense': {
        const size = { inputs: at(columns, layer.source), outputs: at(columns, i + 1) };
        const dense = exportDense(graph, layer, at(values, layer.source), size);
        values.push(exportActivation(graph, layer.activation, dense));
        break;
      }
      case 'activation':
        values.push(exportActivation(graph, layer.activation, value(layer.source)));
        break;
      case 'sum':
        values.push(graph.node('Add', layer.sources.map(value)));
        break;
    }
  });
  return value;
};

/** Columns of the tensor of a value: whole blocks of channels, but for outputs. */
const columnsOf = (graph: OnnxGraph, { outputs }: Network, value: number, width: number): number =>
  graph.form !== 'channels' || outputs.includes(value) ? width : inBlocks(width);

/**
 * The same network with outputs that are multiplied, each by a factor. Null if an output is no
 * dense layer, whose weights could take the factor.
 */
export const multiplied = (network: Network, factor: (output: number) => number): Network | null => {
  const layers: Layer[] = [...network.layers];
  let first = 0;
  for (const value of network.outputs) {
    const layer = value === 0 ? null : at(layers, value - 1);
    if (layer?.type !== 'dense' || layer.activation !== 'linear') return null;
    const start = first;
    const { outputs } = layer;
    layers[value - 1] = {
      ...layer,
      weights: layer.weights.map((weight, i) => weight * factor(start + (i % outputs))),
      bias: layer.bias.map((bias, o) => bias * factor(start + o)),
    };
    first += outputs;
  }
  return { ...network, layers };
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
