import { at } from '@flowline/events';
import type { MlpConfig } from '@flowline/flows';

import type { Weights } from './weights.ts';
import type { Layer, Network } from '../plan/plan.ts';

/** Shape of a perceptron of libs/flows, besides its configuration. */
export interface MlpShape {
  readonly inputs: number;
  readonly context: number;
  readonly outputs: number;
  /** Per layer: 1 for the weights that count, else 0, [rows × columns]. All count by default. */
  readonly masks?: readonly ArrayLike<number>[];
  /** True if the first layer may have a residual connection around it (default true). */
  readonly residualFirst?: boolean;
}

/**
 * Lowers a multilayer perceptron of libs/flows to a network over [inputs | context]. Its kernels
 * for the inputs and for the context become one. Without conditioning inputs the perceptron reads a
 * column of zeros, which the plan leaves out.
 */
export const lowerMlp = (config: MlpConfig, weights: Weights, shape: MlpShape): Network => {
  const { inputs, context, outputs, masks, residualFirst = true } = shape;
  const layers: Layer[] = [];
  const width = inputs + context;
  const widths = [width, ...config.hidden, outputs];
  let value = 0;
  widths.slice(1).forEach((columns, i) => {
    const rows = at(widths, i);
    const last = i === config.hidden.length;
    layers.push({
      type: 'dense',
      source: value,
      inputs: rows,
      outputs: columns,
      weights:
        i === 0
          ? firstKernel(weights, shape, columns)
          : masked(weights.read(`w${i}`, rows * columns), masks === undefined ? undefined : at(masks, i)),
      bias: weights.read(`b${i}`, columns),
      activation: last ? 'linear' : config.activation,
    });
    // The residual connection adds only the conditioning inputs, not the context or the column of
    // zeros.
    if (config.residual && !last && (i === 0 ? residualFirst && inputs === columns : rows === columns)) {
      const computed = layers.length;
      const before = i === 0 ? layers.push(selection(width, inputs)) : value;
      layers.push({ type: 'sum', sources: [computed, before] });
    }
    value = layers.length;
  });
  return { inputs: width, layers, outputs: [value] };
};

/** [w0; c0]: [inputs + context × columns] */
const firstKernel = (weights: Weights, { inputs, context, masks }: MlpShape, columns: number): Float64Array => {
  const kernel = new Float64Array((inputs + context) * columns);
  const own = masked(weights.read('w0', Math.max(1, inputs) * columns), masks === undefined ? undefined : at(masks, 0));
  kernel.set(own.subarray(0, inputs * columns));
  if (context > 0) kernel.set(weights.read('c0', context * columns), inputs * columns);
  return kernel;
};

const masked = (weights: Float64Array, mask: ArrayLike<number> | undefined): Float64Array =>
  mask === undefined ? weights : weights.map((weight, i) => (at(mask, i) === 0 ? 0 : weight));

/** Layer that selects the first `count` inputs of a network as a value. */
const selection = (inputs: number, count: number): Layer => {
  const weights = new Float64Array(inputs * count);
  for (let i = 0; i < count; i++) weights[i * count + i] = 1;
  return {
    type: 'dense',
    source: 0,
    inputs,
    outputs: count,
    weights,
    bias: new Float64Array(count),
    activation: 'linear',
    isFixed: true,
  };
};

/**
 * Two networks over the same input as one, with the outputs of the first, then those of the second.
 */
export const beside = (first: Network, second: Network): Network => {
  const moved = (value: number): number => (value === 0 ? 0 : value + first.layers.length);
  const layers = second.layers.map((layer): Layer => {
    if (layer.type === 'sum') return { ...layer, sources: [moved(layer.sources[0]), moved(layer.sources[1])] };
    return { ...layer, source: moved(layer.source) };
  });
  return {
    inputs: first.inputs,
    layers: [...first.layers, ...layers],
    outputs: [...first.outputs, ...second.outputs.map(moved)],
  };
};

/** Network with constant outputs. */
export const constantNetwork = (outputs: Float64Array): Network => ({
  inputs: 0,
  layers: [
    {
      type: 'dense',
      source: 0,
      inputs: 0,
      outputs: outputs.length,
      weights: new Float64Array(0),
      bias: outputs,
      activation: 'linear',
    },
  ],
  outputs: [1],
});

/** Network with its only output changed: column o becomes column `from`(o), plus `offset`(o). */
export const withOutput = (
  network: Network,
  from: (output: number) => number,
  offset: (output: number) => number = () => 0,
): Network => {
  const layers = network.layers.map((layer, i): Layer => {
    if (i + 1 !== network.outputs[0] || layer.type !== 'dense') return layer;
    const { inputs, outputs } = layer;
    const weights = new Float64Array(inputs * outputs);
    for (let row = 0; row < inputs; row++) {
      for (let o = 0; o < outputs; o++) weights[row * outputs + o] = at(layer.weights, row * outputs + from(o));
    }
    return { ...layer, weights, bias: layer.bias.map((_, o) => at(layer.bias, from(o)) + offset(o)) };
  });
  return { ...network, layers };
};
