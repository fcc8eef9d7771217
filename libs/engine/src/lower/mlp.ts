import type { MlpConfig } from '@flowline/flows';

import type { WeightReader } from './weights.ts';
import { at } from '../at.ts';
import type { Layer, Network } from '../plan.ts';

/**
 * A multilayer perceptron of libs/flows as a network over [inputs | context]: its kernels for the inputs and for the context
 * become one. Where nothing conditions it sees a column of zeros, which the plan leaves out.
 */
export const lowerMlp = (
  config: MlpConfig,
  weights: WeightReader,
  inputs: number,
  context: number,
  outputs: number,
): Network => {
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
      weights: i === 0 ? firstKernel(weights, inputs, context, columns) : weights.read(`w${i}`, rows * columns),
      bias: weights.read(`b${i}`, columns),
      activation: last ? 'linear' : config.activation,
    });
    // Only what conditions is added: not the context, and not the column of zeros.
    if (config.residual && !last && (i === 0 ? inputs : rows) === columns) {
      const computed = layers.length;
      const before = i === 0 ? layers.push(selection(width, inputs)) : value;
      layers.push({ type: 'sum', sources: [computed, before] });
    }
    value = layers.length;
  });
  return { inputs: width, layers, outputs: [value] };
};

/** [w0; c0]: [inputs + context × columns] */
const firstKernel = (weights: WeightReader, inputs: number, context: number, columns: number): Float64Array => {
  const kernel = new Float64Array((inputs + context) * columns);
  kernel.set(weights.read('w0', Math.max(1, inputs) * columns).subarray(0, inputs * columns));
  if (context > 0) kernel.set(weights.read('c0', context * columns), inputs * columns);
  return kernel;
};

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
