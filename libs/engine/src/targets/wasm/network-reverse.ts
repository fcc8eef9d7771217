import { at } from '@flowline/events';
import { slopeAt } from './activation.ts';
import { prepareDenseTile } from './dense-tile.ts';
import { defineElementwiseTile } from './elementwise-tile.ts';
import type { Emission } from './emission.ts';
import { f32x4, i32, v128 } from './assembly/expression.ts';
import type { I32 } from './assembly/expression.ts';
import type { FunctionBuilder, FunctionReference } from './assembly/function-builder.ts';
import { STRIDE } from './layout.ts';
import type { NetworkTile } from './network-tile.ts';
import { sourcesOf, valueWidths } from '../../plan/plan.ts';
import type { Activation, Network } from '../../plan/plan.ts';

/** Reverse pass of a network over a tile. */
export interface NetworkReverse {
  /** Address of the derivatives with respect to the outputs, to be written before `reverse`. */
  readonly outputs: number;
  /**
   * Address of the derivatives with respect to the conditioning inputs, written by `reverse`. Null
   * if nothing depends on them.
   */
  readonly input: number | null;
  reverse(f: FunctionBuilder, panelBytes: I32): void;
}

/** Scratch memory for derivatives: one block per value, shared by all networks of a plan. */
export class AdjointBuffers {
  readonly #emission: Emission;
  readonly #widest: number;
  readonly #addresses: number[] = [];

  constructor(emission: Emission, widest: number) {
    this.#emission = emission;
    this.#widest = widest;
  }

  /** Address of the block of the value with that index. */
  take(value: number): number {
    const address = this.#addresses.at(value) ?? this.#emission.layout.allocate(this.#widest * STRIDE);
    this.#addresses[value] = address;
    return address;
  }
}

/**
 * Prepares the reverse pass of a network whose values `tile` keeps. Only its first `conditioning`
 * inputs get derivatives.
 */
export const prepareNetworkReverse = (
  emission: Emission,
  network: Network,
  tile: NetworkTile,
  conditioning: number,
  buffers: AdjointBuffers,
): NetworkReverse => {
  const widths = valueWidths(network);
  const outputs = buffers.take(0);
  // Block 0 holds the derivatives of the outputs side by side. Values count from 1, and the input
  // comes after them.
  const addresses = widths.map((_, value) => buffers.take(value === 0 ? widths.length : value));
  let next = outputs;
  for (const value of network.outputs) {
    addresses[value] = next;
    next += at(widths, value) * STRIDE;
  }
  const written = new Set(network.outputs);
  const c = (value: number): I32 => i32.constant(value);
  const calls: ((f: FunctionBuilder, panelBytes: I32) => void)[] = [];
  const passOn = (activation: Activation, value: number, to: number, accumulates: boolean): void => {
    const kernel = defineReverse(emission, activation, accumulates);
    const from = at(addresses, value);
    const end = from + at(widths, value) * STRIDE;
    calls.push((f, panelBytes) => f.call(kernel, c(from), c(end), c(at(tile.addresses, value)), c(to), panelBytes));
  };
  for (let value = network.layers.length; value > 0; value--) {
    if (!written.has(value)) continue;
    const layer = at(network.layers, value - 1);
    for (const source of sourcesOf(layer)) {
      const accumulates = written.has(source);
      const to = at(addresses, source);
      if (layer.type !== 'dense') {
        passOn(layer.type === 'sum' ? 'linear' : layer.activation, value, to, accumulates);
      } else {
        const used = source === 0 ? conditioning : layer.inputs;
        if (used === 0) continue;
        if (layer.activation !== 'linear') passOn(layer.activation, value, at(addresses, value), false);
        const { inputs, outputs: width, weights } = layer;
        const dense = prepareDenseTile(emission, {
          inputs: width,
          outputs: used,
          activation: 'linear',
          accumulates,
          weights: used > inputs ? padded(weights, used * width) : weights,
          inputStride: 1,
          outputStride: width,
          bias: new Float64Array(used),
        });
        const from = at(addresses, value);
        calls.push((f, panelBytes) => dense(f, c(from), c(to), panelBytes));
      }
      written.add(source);
    }
  }
  return {
    outputs,
    input: written.has(0) ? at(addresses, 0) : null,
    reverse: (f, panelBytes) => {
      for (const call of calls) call(f, panelBytes);
    },
  };
};

/** to ← [to +] adjoint·slope(y). Parameters: adjoint, its end, y, to, bytes of the panels. */
const defineReverse = ({ module }: Emission, activation: Activation, accumulates: boolean): FunctionReference =>
  defineElementwiseTile(module, `reverseTile ${activation} ${accumulates}`, (f, from, values, to) => {
    const adjoint = v128.load(from);
    const slope = slopeAt(activation, f.let(v128.load(values)));
    const value = slope === null ? adjoint : f32x4.mul(adjoint, slope);
    return accumulates ? f32x4.add(v128.load(to), value) : value;
  });

/** Weights, zero-padded for inputs that a layer does not have. */
const padded = (weights: Float64Array, length: number): Float64Array => {
  const longer = new Float64Array(length);
  longer.set(weights);
  return longer;
};
