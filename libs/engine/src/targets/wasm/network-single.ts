import { at } from '@flowline/events';
import { activate } from './activation.ts';
import { defineCompactionTable, compact } from './compaction.ts';
import { defineDenseSingle, listBytes, listIndices, placeDenseSingle } from './dense-single.ts';
import type { Run } from './dense-single.ts';
import type { Emission } from './emission.ts';
import { f32x4, i32, v128 } from './assembly/expression.ts';
import type { I32, V128 } from './assembly/expression.ts';
import type { FunctionBuilder, FunctionReference } from './assembly/function-builder.ts';
import { VECTOR_BYTES } from './layout.ts';
import { listsRows } from './row-lists.ts';
import { padded } from './single-memory.ts';
import { sourcesOf, valueWidths } from '../../plan/plan.ts';
import type { Activation, DenseLayer, Network } from '../../plan/plan.ts';

const FLOAT_BYTES = 4;
/** Number of values from which a list of nonzero values pays off. */
const LIST_MINIMUM = 16;

/** Network prepared for a single row. */
export interface NetworkSingle {
  /** Address of each part of the outputs. Each part is padded to whole vectors. */
  readonly parts: readonly number[];
  forward(f: FunctionBuilder): void;
}

/** Allocates the buffers of single rows. Networks share them, since only one runs at a time. */
export class SingleBuffers {
  readonly #emission: Emission;
  readonly #addresses: number[] = [];

  constructor(emission: Emission) {
    this.#emission = emission;
  }

  /**
   * Address of the buffer of the index-th value of any network. Each buffer is as wide as the
   * widest value.
   */
  take(index: number, widest: number): number {
    const known = this.#addresses[index];
    if (known !== undefined) return known;
    const address = this.#emission.layout.allocate(padded(widest) * FLOAT_BYTES + listBytes(widest));
    this.#addresses[index] = address;
    return address;
  }
}

/**
 * Prepares a network whose input is `conditioning` floats (padded) right before the context at
 * `context`. Its outputs are parts of the widths `partWidths`, all in one value or one value each.
 */
export const prepareNetworkSingle = (
  emission: Emission,
  network: Network,
  conditioning: number,
  context: number,
  partWidths: readonly number[],
  buffers: SingleBuffers,
  widest: number,
): NetworkSingle => {
  const widths = valueWidths(network);
  const input = context - padded(conditioning) * FLOAT_BYTES;
  const given = emission.plan.context;
  const contextFirst = listsRows(emission.plan);
  const own: Run = { offset: 0, length: conditioning };
  const inputRuns: readonly Run[] = contextFirst
    ? [{ offset: padded(conditioning), length: given, isSparse: true }, own]
    : [own, { offset: padded(conditioning), length: given }];
  const addresses = [input, ...network.layers.map((_, index) => buffers.take(index, widest))];
  const listOf = (value: number): number => at(addresses, value) + padded(widest) * FLOAT_BYTES;
  const multiplied = new Set(network.layers.map((layer) => (layer.type === 'dense' ? layer.source : -1)));
  const isListed = (value: number): boolean => {
    const layer = value > 0 ? at(network.layers, value - 1) : null;
    const rectified = layer !== null && layer.type !== 'sum' && layer.activation === 'relu';
    return rectified && at(widths, value) >= LIST_MINIMUM && multiplied.has(value);
  };

  const c = (constant: number): I32 => i32.constant(constant);
  const calls = network.layers.map((layer, index) => {
    const value = index + 1;
    const to = c(at(addresses, value));
    const listOut = isListed(value);
    const list = c(listOf(value));
    if (layer.type !== 'dense') {
      const [from, other] = sourcesOf(layer).map((source) => c(at(addresses, source)));
      const kernel = defineElementwiseSingle(
        emission,
        layer.type === 'sum' ? 'sum' : layer.activation,
        padded(at(widths, value)) / 4,
        listOut,
      );
      return (f: FunctionBuilder): void => f.call(kernel, from ?? to, other ?? to, to, list);
    }
    const listIn = isListed(layer.source);
    const isOutput = network.outputs.length === 1 && network.outputs[0] === value;
    const columns = paddedColumns(isOutput ? partWidths : [layer.outputs]);
    const kernel = defineDenseSingle(emission, {
      runs: layer.source === 0 ? inputRuns.filter((run) => run.length > 0) : [{ offset: 0, length: layer.inputs }],
      vectors: columns.length / 4,
      activation: layer.activation,
      listIn,
      listOut,
    });
    const ordered = contextFirst && layer.source === 0 ? lastInputsFirst(layer, given) : layer;
    const weights = placeDenseSingle(emission, ordered, columns);
    const from = c(listIn ? listOf(layer.source) : at(addresses, layer.source));
    return (f: FunctionBuilder): void => f.call(kernel, c(weights), from, to, list);
  });
  return {
    parts:
      network.outputs.length === 1
        ? partStarts(partWidths).map((start) => at(addresses, at(network.outputs, 0)) + start * FLOAT_BYTES)
        : network.outputs.map((value) => at(addresses, value)),
    forward: (f) => {
      for (const call of calls) call(f);
    },
  };
};

/** A layer whose last `count` inputs come first. */
const lastInputsFirst = (layer: DenseLayer, count: number): DenseLayer => {
  const split = (layer.inputs - count) * layer.outputs;
  const weights = new Float64Array(layer.weights.length);
  weights.set(layer.weights.subarray(split));
  weights.set(layer.weights.subarray(0, split), weights.length - split);
  return { ...layer, weights };
};

/** Output of each lane, −1 for none. Parts lie side by side, each starting at a whole vector. */
const paddedColumns = (widths: readonly number[]): number[] => {
  let first = 0;
  return widths.flatMap((width) => {
    const start = first;
    first += width;
    return Array.from({ length: padded(width) }, (_, lane) => (lane < width ? start + lane : -1));
  });
};

/** Start of each part of {@link paddedColumns}, in floats. */
const partStarts = (widths: readonly number[]): number[] => {
  let next = 0;
  return widths.map((width) => {
    const start = next;
    next += padded(width);
    return start;
  });
};

/**
 * Activation or sum of a single row's values. Parameters: from, other summand, to, list of the
 * output.
 */
const defineElementwiseSingle = (
  emission: Emission,
  operation: Activation | 'sum',
  vectors: number,
  listOut: boolean,
): FunctionReference => {
  const shuffles = listOut ? defineCompactionTable(emission) : 0;
  return emission.module.define(`elementwiseSingle ${operation} ${vectors} ${listOut}`, 4, (f) => {
    const [from, other, to, list] = [f.parameter(0), f.parameter(1), f.parameter(2), f.parameter(3)];
    const listed = f.let(i32.constant(0));
    for (let v = 0; v < vectors; v++) {
      const offset = v * VECTOR_BYTES;
      const x = f.let(v128.load(from, offset));
      const sum = (): V128 => f32x4.add(x, v128.load(other, offset));
      const y = f.let(operation === 'sum' ? sum() : activate(f, emission.math, operation, x));
      f.store(to, y, offset);
      if (listOut) compact(f, y, v * 4, list, listIndices(vectors * 4), listed, shuffles);
    }
    if (listOut) f.storeInt(list, listed);
  });
};
