import { at } from '@flowline/events';
import type { OnnxGraph, Tensor } from './onnx-graph.ts';
import type { DenseLayer } from '../../plan/plan.ts';

/** Constant with a value per column, to combine with the columns of every row. */
export const perColumn = (graph: OnnxGraph, values: Float64Array): Tensor =>
  graph.form === 'channels' ? graph.float(values, 1, values.length, 1, 1) : graph.float(values, 1, values.length);

/** Weights of a dense layer, as a plan has them. */
export type Dense = Pick<DenseLayer, 'inputs' | 'outputs' | 'weights' | 'bias'>;

/** Numbers of columns of the tensors that a dense layer reads and makes. */
interface DenseColumns {
  readonly inputs: number;
  readonly outputs: number;
}

/**
 * v·W + bias. Without an input, only the bias, one for all rows. A tensor may be wider than the
 * layer: `columns` are its columns, of which those after the layer's are 0, or not read.
 */
export const exportDense = (
  graph: OnnxGraph,
  layer: Dense,
  input: Tensor | null,
  columns: DenseColumns = layer,
): Tensor => {
  const bias = resized(layer.bias, columns.outputs);
  if (layer.inputs === 0 || input === null) return perColumn(graph, bias);
  if (graph.form !== 'channels') {
    const weights = graph.float(layer.weights, layer.inputs, layer.outputs);
    return graph.node('Gemm', [input, weights, graph.float(bias, layer.outputs)]);
  }
  const inputs = inBlocks(columns.inputs);
  const kernels = kernelsOf(layer, { ...columns, inputs });
  return convolution(graph, widened(graph, input, columns.inputs, inputs), kernels, bias);
};

/**
 * Channels per block of ONNX Runtime's convolutions on registers of 512 bits; on narrower ones it
 * is 8. A convolution of other numbers of channels runs on other code, several times slower, unless
 * its inputs fit into one block.
 */
const BLOCK_CHANNELS = 16;

/** Number of channels, rounded up to whole blocks if one is not enough. */
export const inBlocks = (channels: number): number =>
  channels < BLOCK_CHANNELS ? channels : Math.ceil(channels / BLOCK_CHANNELS) * BLOCK_CHANNELS;

/** Convolution of single points. kernels: [outputs × inputs] */
const convolution = (graph: OnnxGraph, input: Tensor, kernels: Float64Array, bias: Float64Array): Tensor => {
  const weights = graph.float(kernels, bias.length, kernels.length / bias.length, 1, 1);
  return graph.node('Conv', [input, weights, graph.float(bias, bias.length)], { kernel_shape: [1, 1] });
};

/** [outputs × inputs] */
const kernelsOf = ({ inputs, outputs, weights }: Dense, columns: DenseColumns): Float64Array => {
  const kernels = new Float64Array(columns.outputs * columns.inputs);
  for (let i = 0; i < inputs; i++) {
    for (let o = 0; o < outputs; o++) kernels[o * columns.inputs + i] = at(weights, i * outputs + o);
  }
  return kernels;
};

const resized = (values: Float64Array, length: number): Float64Array => {
  if (values.length === length) return values;
  const result = new Float64Array(length);
  result.set(values);
  return result;
};

/** The same columns, followed by zeros up to a number of columns. */
export const widened = (graph: OnnxGraph, of: Tensor, columns: number, to: number): Tensor =>
  columns === to ? of : graph.node('Pad', [of, graph.int64([0, 0, 0, 0, 0, to - columns, 0, 0])]);

/**
 * Σ over the columns of a tensor, one column. A product with ones: runtimes sum a row of a
 * `ReduceSum` in an order that depends on the place of the row in memory, but that of a matrix
 * product always in the same.
 */
export const sumOfColumns = (
  graph: OnnxGraph,
  of: Tensor,
  columns: number,
  type: 'float' | 'double' = 'float',
): Tensor => {
  const ones = new Float64Array(columns).fill(1);
  if (graph.form !== 'channels') return graph.node('MatMul', [of, graph[type](ones, columns, 1)]);
  return convolution(graph, of, ones, new Float64Array(1));
};

/** Columns that count in a sum, each with its weight. */
export interface Term {
  readonly tensor: Tensor;
  /** Weight per column. */
  readonly weights: Float64Array;
  /** True if the tensor is the same for all rows, and has one of them. */
  readonly isConstant: boolean;
}

/** Term whose columns all have the same weight. */
export const term = (tensor: Tensor, columns: number, weight = 1, isConstant = false): Term => ({
  tensor,
  weights: new Float64Array(columns).fill(weight),
  isConstant,
});

/** Σ over the columns of all terms by their weights, plus a constant: one column. */
export const weightedSum = (graph: OnnxGraph, terms: readonly Term[], constant: number): Tensor => {
  const add = (a: Tensor, b: Tensor): Tensor => graph.node('Add', [a, b]);
  if (graph.form === 'portable') {
    const [first, ...others] = terms.map((each) => product(graph, each));
    const known = constant === 0 ? [] : [graph.float([constant])];
    return [first ?? graph.float([0]), ...known, ...others].reduce(add);
  }
  const varying = terms.filter(({ isConstant }) => !isConstant);
  const tensors = varying.map(({ tensor }) => tensor);
  const all = tensors.length === 1 ? at(tensors, 0) : graph.node('Concat', tensors, { axis: 1 });
  const weights = Float64Array.from(varying.flatMap((each) => [...each.weights]));
  const bias = Float64Array.of(constant);
  const sum =
    graph.form === 'channels'
      ? convolution(graph, all, weights, bias)
      : exportDense(graph, { inputs: weights.length, outputs: 1, weights, bias }, all);
  return [sum, ...terms.filter(({ isConstant }) => isConstant).map((each) => product(graph, each))].reduce(add);
};

const product = (graph: OnnxGraph, { tensor, weights }: Term): Tensor => {
  if (weights.length === 1 && weights[0] === 1) return tensor;
  if (graph.form === 'channels') return convolution(graph, tensor, weights, new Float64Array(1));
  return graph.node('MatMul', [tensor, graph.float(weights, weights.length, 1)]);
};
