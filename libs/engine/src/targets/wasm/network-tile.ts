import { at } from '@flowline/events';
import { activate } from './activation.ts';
import type { ContextList } from './context-list.ts';
import { prepareDenseTile } from './dense-tile.ts';
import type { DenseTile } from './dense-tile.ts';
import { defineElementwiseTile } from './elementwise-tile.ts';
import type { Emission } from './emission.ts';
import { f32x4, i32, v128 } from './assembly/expression.ts';
import type { I32 } from './assembly/expression.ts';
import type { FunctionBuilder, FunctionReference } from './assembly/function-builder.ts';
import { STRIDE } from './layout.ts';
import { sourcesOf, valueWidths } from '../../plan/plan.ts';
import type { Activation, DenseLayer, Network } from '../../plan/plan.ts';

/** Network prepared for a tile: the addresses of its values, and the code that computes them. */
export interface NetworkTile {
  /** Address of each value. Value 0 is the input. */
  readonly addresses: readonly number[];
  /** Address of the outputs, side by side. */
  readonly output: number;
  forward(f: FunctionBuilder, panelBytes: I32): void;
}

/**
 * Prepares a network over a tile. The address of the input is given, the outputs lie side by side,
 * `slots` places the other values, and `list` has the columns of the context that are not zero.
 */
export const prepareNetworkTile = (
  emission: Emission,
  network: Network,
  input: number,
  slots: ValueSlots,
  list: ContextList | null,
): NetworkTile => {
  const widths = valueWidths(network);
  const output = slots.output(network.outputs.reduce((total, value) => total + at(widths, value), 0));
  const addresses: number[] = [input];
  let outputEnd = output;
  const outputAddress = new Map<number, number>();
  for (const value of network.outputs) {
    outputAddress.set(value, outputEnd);
    outputEnd += at(widths, value) * STRIDE;
  }
  const lastUse = lastUses(network);
  network.layers.forEach((layer, index) => {
    const value = index + 1;
    addresses.push(outputAddress.get(value) ?? slots.take(at(widths, value)));
    for (const used of new Set(sourcesOf(layer))) {
      if (used > 0 && lastUse[used] === value) slots.release(at(addresses, used));
    }
  });
  const c = (value: number): I32 => i32.constant(value);
  const calls = network.layers.map((layer, index) => {
    const to = c(at(addresses, index + 1));
    const [from, other] = sourcesOf(layer).map((source) => at(addresses, source));
    const start = c(from ?? 0);
    const end = c((from ?? 0) + at(widths, index + 1) * STRIDE);
    switch (layer.type) {
      case 'dense': {
        const listed = layer.source === 0 ? list : null;
        const dense = prepareDenseTile(emission, denseTile(layer), listed);
        return (f: FunctionBuilder, panelBytes: I32): void => dense(f, start, to, panelBytes);
      }
      case 'activation': {
        const kernel = defineOperation(emission, layer.activation);
        return (f: FunctionBuilder, panelBytes: I32): void => f.call(kernel, start, end, to, to, panelBytes);
      }
      case 'sum': {
        const kernel = defineOperation(emission, 'sum');
        return (f: FunctionBuilder, panelBytes: I32): void => f.call(kernel, start, end, c(other ?? 0), to, panelBytes);
      }
    }
  });
  return {
    addresses,
    output,
    forward: (f, panelBytes) => {
      for (const call of calls) call(f, panelBytes);
    },
  };
};

/** Allocator of addresses for the values of networks. */
export interface ValueSlots {
  take(width: number): number;
  release(address: number): void;
  output(width: number): number;
}

/** Slots that networks share, reused after the last read of a value. For scoring. */
export const reusedSlots = (emission: Emission, width: number, outputWidth: number): ValueSlots => {
  const free: number[] = [];
  const output = emission.layout.allocate(outputWidth * STRIDE);
  return {
    take: () => free.pop() ?? emission.layout.allocate(width * STRIDE),
    release: (address) => free.push(address),
    output: () => output,
  };
};

/** Separate slots for every value. For the gradient, which reads the values again. */
export const keptSlots = (emission: Emission): ValueSlots => ({
  take: (width) => emission.layout.allocate(width * STRIDE),
  release: () => undefined,
  output: (width) => emission.layout.allocate(width * STRIDE),
});

/** Parts of a dense layer. A linear step has them too. */
export type DenseWeights = Pick<DenseLayer, 'inputs' | 'outputs' | 'weights' | 'bias' | 'activation'>;

/** Dense layer in the form of the tile kernel. */
export const denseTile = ({ inputs, outputs, weights, bias, activation }: DenseWeights): DenseTile => ({
  inputs,
  outputs,
  activation,
  accumulates: false,
  weights,
  inputStride: outputs,
  outputStride: 1,
  bias,
});

/**
 * Activation or sum of whole quantities. Parameters: from, end of from, other summand, to, bytes of
 * the panels.
 */
const defineOperation = ({ module, math }: Emission, operation: Activation | 'sum'): FunctionReference =>
  defineElementwiseTile(module, `elementwiseTile ${operation}`, (f, from, other) => {
    const x = f.let(v128.load(from));
    return operation === 'sum' ? f32x4.add(x, v128.load(other)) : activate(f, math, operation, x);
  });

/** Per value: the last value computed from it. */
const lastUses = (network: Network): number[] => {
  const last: number[] = [];
  network.layers.forEach((layer, index) => {
    for (const value of sourcesOf(layer)) last[value] = index + 1;
  });
  return last;
};
