import type { MlpConfig } from '@flowline/flows';

import type { WeightReader } from './weights.ts';
import { at } from '../at.ts';
import type { Layer, Network } from '../plan.ts';

/** What a perceptron of libs/flows is over and above its configuration. */
export interface MlpShape {
  readonly inputs: number;
  readonly context: number;
  readonly outputs: number;
  /** Per layer, which weights count, [rows × columns]; absent: all. */
  readonly masks?: readonly ArrayLike<number>[];
  /** Whether a residual connection around the first layer is possible (default true). */
  readonly residualFirst?: boolean;
}

/**
 * A multilayer perceptron of libs/flows as a network over [inputs | context]: its kernels for the inputs and for the context
 * become one. Where nothing conditions it sees a column of zeros, which the plan leaves out.
 */
export const lowerMlp = (config: MlpConfig, weights: WeightReader, shape: MlpShape): Network => {
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
    // Only what conditions is added: not the context, and not the column of zeros.
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
const firstKernel = (weights: WeightReader, { inputs, context, masks }: MlpShape, columns: number): Float64Array => {
  const kernel = new Float64Array((inputs + context) * columns);
  const own = masked(weights.read('w0', Math.max(1, inputs) * columns), masks === undefined ? undefined : at(masks, 0));
  kernel.set(own.subarray(0, inputs * columns));
  if (context > 0) kernel.set(weights.read('c0', context * columns), inputs * columns);
  return kernel;
};

const masked = (weights: Float64Array, mask: ArrayLike<number> | undefined): Float64Array =>
  mask === undefined ? weights : weights.map((weight, i) => (at(mask, i) === 0 ? 0 : weight));

/** The first `count` of a network's inputs as a value of its own. */
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
  };
};

/** Two networks over the same input as one: the outputs of the first, then those of the second. */
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

/** A network that gives the same outputs whatever comes in. */
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

/** A network whose only output is changed: column o of it becomes what `from` names, plus `offset`. */
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
