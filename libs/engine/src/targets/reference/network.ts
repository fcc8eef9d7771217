import { at, missing } from '@flowline/events';
import { activate, slopeAt } from './activation.ts';
import type { GradientOf } from './parameter-gradient.ts';
import type { Activation, DenseLayer, Network } from '../../plan/plan.ts';
import { valueWidths } from '../../plan/plan.ts';

/** All values of a network for one input. Value 0 is the input. */
export const runNetwork = (network: Network, input: Float64Array): Float64Array[] => {
  const values = [input];
  for (const layer of network.layers) {
    switch (layer.type) {
      case 'dense':
        values.push(multiply(layer, at(values, layer.source)));
        break;
      case 'activation':
        values.push(at(values, layer.source).map((x) => activate(layer.activation, x)));
        break;
      case 'sum': {
        const other = at(values, layer.sources[1]);
        values.push(at(values, layer.sources[0]).map((x, i) => x + at(other, i)));
        break;
      }
    }
  }
  return values;
};

/** Outputs of a network, side by side. */
export const outputsOf = ({ outputs }: Network, values: readonly Float64Array[]): Float64Array =>
  outputs.length === 1 ? at(values, at(outputs, 0)) : joined(outputs.map((value) => at(values, value)));

const joined = (parts: readonly Float64Array[]): Float64Array => {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  for (const part of parts) {
    all.set(part, start);
    start += part.length;
  }
  return all;
};

/**
 * Reverse pass: ∂L/∂input, given ∂L/∂outputs, from the values that {@link runNetwork} computed.
 * Adds ∂L/∂ weights and biases to `into` unless it is null.
 */
export const reverseNetwork = (
  network: Network,
  values: readonly Float64Array[],
  adjoint: Float64Array,
  into: GradientOf<Network> | null,
): Float64Array => {
  const adjoints = valueWidths(network).map((width) => new Float64Array(width));
  let first = 0;
  for (const value of network.outputs) {
    const of = at(adjoints, value);
    of.set(adjoint.subarray(first, first + of.length));
    first += of.length;
  }
  for (let value = network.layers.length; value > 0; value--) {
    const layer = at(network.layers, value - 1);
    const of = at(adjoints, value);
    switch (layer.type) {
      case 'dense': {
        const atSums = behind(layer.activation, of, at(values, value));
        multiplyTransposed(layer, atSums, at(adjoints, layer.source));
        if (into !== null) addDense(into, value - 1, at(values, layer.source), atSums);
        break;
      }
      case 'activation':
        addTo(at(adjoints, layer.source), behind(layer.activation, of, at(values, value)));
        break;
      case 'sum':
        for (const source of layer.sources) addTo(at(adjoints, source), of);
        break;
    }
  }
  return at(adjoints, 0);
};

const multiply = ({ weights, bias, activation }: DenseLayer, input: Float64Array): Float64Array => {
  const sums = bias.slice();
  // Skips half of the values after a ReLU. 0·w adds nothing, since weights are finite.
  const used = new Int32Array(input.length);
  let count = 0;
  for (let i = 0; i < input.length; i++) if (input[i] !== 0) used[count++] = i;
  let k = 0;
  for (; k + 4 <= count; k += 4) addFour(weights, input, used, k, sums);
  for (; k < count; k++) addOne(weights, input, at(used, k), sums);
  if (activation !== 'linear')
    for (let o = 0; o < sums.length; o++) sums[o] = activate(activation, sums[o] ?? missing(sums, o));
  return sums;
};

/** Adds four inputs times their weights, one after the other, in half the time of four passes. */
const addFour = (weights: Float64Array, input: Float64Array, used: Int32Array, k: number, sums: Float64Array): void => {
  const width = sums.length;
  const [a, b] = [at(used, k), at(used, k + 1)];
  const [c, d] = [at(used, k + 2), at(used, k + 3)];
  const [xa, xb, xc, xd] = [at(input, a), at(input, b), at(input, c), at(input, d)];
  const [first, second, third, fourth] = [a * width, b * width, c * width, d * width];
  for (let o = 0; o < width; o++) {
    sums[o] =
      (sums[o] ?? missing(sums, o)) +
      xa * (weights[first + o] ?? missing(weights, first + o)) +
      xb * (weights[second + o] ?? missing(weights, second + o)) +
      xc * (weights[third + o] ?? missing(weights, third + o)) +
      xd * (weights[fourth + o] ?? missing(weights, fourth + o));
  }
};

const addOne = (weights: Float64Array, input: Float64Array, i: number, sums: Float64Array): void => {
  const [x, first] = [at(input, i), i * sums.length];
  for (let o = 0; o < sums.length; o++) {
    sums[o] = (sums[o] ?? missing(sums, o)) + x * (weights[first + o] ?? missing(weights, first + o));
  }
};

const multiplyTransposed = ({ weights }: DenseLayer, adjoint: Float64Array, into: Float64Array): void => {
  const width = adjoint.length;
  for (let i = 0; i < into.length; i++) {
    let sum = at(into, i);
    const first = i * width;
    for (let o = 0; o < width; o++) {
      sum += (adjoint[o] ?? missing(adjoint, o)) * (weights[first + o] ?? missing(weights, first + o));
    }
    into[i] = sum;
  }
};

/** Adds ∂L/∂ the parameters of a dense layer, given its input and ∂L/∂ its sums. */
const addDense = (
  { places, gradient }: GradientOf<Network>,
  layer: number,
  input: Float64Array,
  atSums: Float64Array,
): void => {
  const own = at(places.layers, layer);
  if (own.type !== 'dense' || own.isFixed === true) return;
  atSums.forEach((adjoint, o) => {
    gradient.add(at(own.bias, o), adjoint);
    input.forEach((x, i) => gradient.add(at(own.weights, i * atSums.length + o), x * adjoint));
  });
};

/** Adjoint of an activation's input, from that of its output. */
const behind = (activation: Activation, adjoint: Float64Array, output: Float64Array): Float64Array =>
  adjoint.map((a, i) => a * slopeAt(activation, at(output, i)));

const addTo = (sum: Float64Array, values: Float64Array): void => {
  values.forEach((value, i) => {
    sum[i] = at(sum, i) + value;
  });
};
