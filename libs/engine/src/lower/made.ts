import { at } from '@flowline/events';
import { madeMasks } from '@flowline/flows';
import type { MadeOptions } from '@flowline/flows';

import { lowerMlp, withOutput } from './mlp.ts';
import type { Weights } from './weights.ts';
import type { Layer, Network } from '../plan/plan.ts';

/**
 * Masked network of an autoregressive map, over [features in `order` | context], with the
 * parameters of the features in the same order. Hidden units are sorted by degree: a masked kernel
 * is then zero in runs at its ends, which emitters leave out.
 */
export const lowerMade = (options: MadeOptions, weights: Weights): Network => {
  const { order, context, outputsPerFeature, net } = options;
  const masks = madeMasks(options);
  const features = order.length;
  const made = lowerMlp(net, weights, {
    inputs: features,
    context,
    outputs: features * outputsPerFeature,
    masks: masks.map(({ mask }) => mask),
    residualFirst: false,
  });
  const inputs = [...order, ...Array.from({ length: context }, (_, i) => features + i)];
  const hidden = masks.slice(0, -1).map(({ degrees }) => ascending(degrees));
  return withOutput(
    withUnits(made, inputs, hidden),
    (output) => at(order, output % features) * outputsPerFeature + Math.floor(output / features),
  );
};

const ascending = (degrees: readonly number[]): number[] =>
  degrees.map((_, unit) => unit).sort((a, b) => at(degrees, a) - at(degrees, b) || a - b);

/**
 * Permutes the inputs of a network and the units of each hidden layer. Both summands of a sum must
 * have the same order.
 */
const withUnits = (network: Network, inputs: readonly number[], hidden: readonly (readonly number[])[]): Network => {
  const orders: (readonly number[] | undefined)[] = [inputs];
  let dense = 0;
  const layers = network.layers.map((layer): Layer => {
    if (layer.type !== 'dense') {
      orders.push(orders.at(-1));
      return layer;
    }
    const rows = orders[layer.source];
    const columns = hidden[dense++];
    orders.push(columns);
    const { inputs: height, outputs: width } = layer;
    const weights = Float64Array.from({ length: height * width }, (_, i) => {
      const [row, column] = [Math.floor(i / width), i % width];
      return at(layer.weights, (rows?.[row] ?? row) * width + (columns?.[column] ?? column));
    });
    return { ...layer, weights, bias: layer.bias.map((_, o) => at(layer.bias, columns?.[o] ?? o)) };
  });
  return { ...network, layers };
};
