import { missing } from '@flowline/events';
import { activate } from './activation.ts';
import { columnOffset, overColumns, weightOffset } from './context-list.ts';
import type { ContextList } from './context-list.ts';
import { place } from './emission.ts';
import type { Emission } from './emission.ts';
import { f32x4, i32, v128 } from './assembly/expression.ts';
import type { I32, V128 } from './assembly/expression.ts';
import type { FunctionBuilder, FunctionReference } from './assembly/function-builder.ts';
import { PANEL_BYTES, PANEL_VECTORS, STRIDE, VECTOR_BYTES } from './layout.ts';
import type { VectorMath } from './math.ts';
import { prepareContextSums } from './row-lists.ts';
import type { RowLists } from './row-lists.ts';
import type { ModuleBuilder } from './assembly/module-builder.ts';
import type { Activation } from '../../plan/plan.ts';

/** Shape of a dense layer over a tile; it identifies the kernel that runs it. */
interface DenseShape {
  readonly inputs: number;
  readonly outputs: number;
  readonly activation: Activation;
  /** True if the result is added to the destination instead of replacing it. */
  readonly accumulates: boolean;
  /** True if the sums begin with what the destination holds, instead of the bias. */
  readonly begun?: true;
  /** Last inputs that are read by their list, instead of one after another. */
  readonly listed?: { readonly inputs: number; readonly list: ContextList };
  /** True if each block skips the inputs before its first and after its last nonzero weight. */
  readonly trimmed: boolean;
}

/** Dense layer over a tile, with its weights. */
export interface DenseTile extends Pick<DenseShape, 'inputs' | 'outputs' | 'activation' | 'accumulates'> {
  /**
   * The weight of input i for output o is at i·inputStride + o·outputStride, so a matrix can also
   * be read transposed.
   */
  readonly weights: Float64Array;
  readonly inputStride: number;
  readonly outputStride: number;
  /** [outputs] */
  readonly bias: Float64Array;
}

/** Call of a dense layer, from one block of quantities to another. */
type DenseCall = (f: FunctionBuilder, from: I32, to: I32, panelBytes: I32) => void;

/** Prepares a dense layer over a tile. */
export const prepareDenseTile = (emission: Emission, layer: DenseTile, list: ContextList | null = null): DenseCall => {
  const lists = list?.rows ?? null;
  return lists !== null && readsContext(layer, emission.plan.context)
    ? prepareAfterContext(emission, layer, lists)
    : prepareDense(emission, layer, list, false);
};

/** Prepares a first layer that begins with the sums over each row's own context columns. */
const prepareAfterContext = (emission: Emission, layer: DenseTile, lists: RowLists): DenseCall => {
  const inputs = layer.inputs - emission.plan.context;
  const weights = layer.weights.subarray(0, inputs * layer.outputs);
  const sums = prepareContextSums(emission, layer, lists);
  const dense = prepareDense(emission, { ...layer, inputs, weights }, null, true);
  return (f, from, to, panelBytes) => {
    sums(f, i32.add(from, i32.constant(inputs * STRIDE)), to, panelBytes);
    dense(f, from, to, panelBytes);
  };
};

const prepareDense = (emission: Emission, layer: DenseTile, list: ContextList | null, begun: boolean): DenseCall => {
  const { inputs, outputs, activation, accumulates } = layer;
  const blocks = blocksOf(layer);
  const kept = blocks.reduce((sum, { first, end, width }) => sum + (end - first) * width, 0);
  const context = emission.plan.context;
  const isListed = list !== null && readsContext(layer, context);
  const trimmed = !isListed && kept < WORTH_TRIMMING * inputs * outputs;
  const sizes = { inputs, outputs, activation, accumulates, trimmed, ...(begun ? { begun } : {}) };
  const shape = isListed ? { ...sizes, listed: { inputs: context, list } } : sizes;
  const kernel = defineDenseTile(emission.module, emission.math, shape);
  const address = i32.constant(place(emission, packBlocks(layer, blocks, trimmed)));
  return (f, from, to, panelBytes) => f.call(kernel, address, from, to, panelBytes);
};

/** True if a first layer has a weight of the context, its last inputs, that is not zero. */
const readsContext = ({ inputs, outputs, weights }: DenseTile, context: number): boolean =>
  weights.subarray((inputs - context) * outputs).some((weight) => weight !== 0);

/**
 * Blocks of different lengths have a small cost, so they are trimmed only below this share of
 * remaining weights.
 */
const WORTH_TRIMMING = 0.9;
/** Header of a trimmed block: byte offset of its first input, and byte length of its weights. */
const Header = { input: 0, weights: 4 } as const;
const HEADER_BYTES = 8;

/**
 * Outputs per block. Two outputs × four vectors are eight accumulators, four activations and a
 * weight: 13 of the 15 registers that V8 allocates. Wider blocks, or a loop unrolled over the
 * inputs, make it spill, at a third of the speed.
 */
const BLOCK_OUTPUTS = 2;

/**
 * Kernel of a dense layer. Lanes are rows, and a block of outputs is accumulated in registers over
 * all inputs, in order. Parameters: weights, inputs, outputs, bytes of the panels.
 */
const defineDenseTile = (module: ModuleBuilder, math: VectorMath, shape: DenseShape): FunctionReference =>
  module.define(`denseTile ${JSON.stringify(shape)}`, 4, (f) => {
    const [inputs, panelBytes] = [f.parameter(1), f.parameter(3)];
    const block = f.let(f.parameter(0));
    const output = f.let(f.parameter(2));
    const weight = f.local('i32');
    const activation = f.local('i32');
    const panel = f.local('i32');
    const end = f.local('i32');

    const writeBlock = (width: number): void => {
      f.set(panel, i32.constant(0));
      f.doWhile(
        () => {
          f.set(weight, shape.trimmed ? i32.add(block, i32.constant(HEADER_BYTES)) : block);
          const start = i32.add(inputs, panel);
          f.set(activation, shape.trimmed ? i32.add(start, i32.load(block, Header.input)) : start);
          const sums = Array.from({ length: width }, (_, o) => {
            if (shape.begun === true) {
              const sum = i32.add(output, panel);
              return Array.from({ length: PANEL_VECTORS }, (_, v) =>
                f.let(v128.load(sum, o * STRIDE + v * VECTOR_BYTES)),
              );
            }
            const bias = f.let(v128.loadSplat(weight, 4 * o));
            return Array.from({ length: PANEL_VECTORS }, () => f.let(bias));
          });
          f.advance(weight, 4 * width);
          const dense = shape.inputs - (shape.listed?.inputs ?? 0);
          const bytes = shape.trimmed ? i32.load(block, Header.weights) : i32.constant(dense * width * 4);
          f.set(end, i32.add(weight, bytes));
          const addProducts = (): void => {
            const values = Array.from({ length: PANEL_VECTORS }, (_, v) =>
              f.let(v128.load(activation, v * VECTOR_BYTES)),
            );
            for (const [o, row] of sums.entries()) {
              const factor = f.let(v128.loadSplat(weight, 4 * o));
              for (const [v, sum] of row.entries()) {
                const value = values[v];
                if (value !== undefined) f.set(sum, math.multiplyAdd(factor, value, sum));
              }
            }
          };
          const accumulate = (): void =>
            f.doWhile(
              () => {
                addProducts();
                f.advance(activation, STRIDE);
                f.advance(weight, 4 * width);
              },
              () => i32.ltU(weight, end),
            );
          if (shape.trimmed) f.if(i32.ltU(weight, end), accumulate);
          else if (dense > 0) accumulate();
          if (shape.listed !== undefined) {
            const firstColumn = f.let(i32.add(start, i32.constant(dense * STRIDE)));
            overColumns(f, shape.listed.list, panel, (item) => {
              f.set(activation, i32.add(firstColumn, columnOffset(item)));
              f.set(weight, i32.add(end, weightOffset(item, width)));
              addProducts();
            });
            f.set(end, i32.add(end, i32.constant(shape.listed.inputs * width * 4)));
          }
          for (const [o, row] of sums.entries()) {
            for (const [v, sum] of row.entries()) {
              const offset = o * STRIDE + v * VECTOR_BYTES;
              f.store(i32.add(output, panel), finish(sum, offset), offset);
            }
          }
          f.advance(panel, PANEL_BYTES);
        },
        () => i32.ltU(panel, panelBytes),
      );
    };
    const finish = (sum: V128, offset: number): V128 => {
      const value = activate(f, math, shape.activation, sum);
      return shape.accumulates ? f32x4.add(v128.load(i32.add(output, panel), offset), value) : value;
    };

    const blocks = Math.floor(shape.outputs / BLOCK_OUTPUTS);
    if (blocks > 0) {
      const last = f.let(i32.add(output, i32.constant(blocks * BLOCK_OUTPUTS * STRIDE)));
      f.doWhile(
        () => {
          writeBlock(BLOCK_OUTPUTS);
          f.set(block, end);
          f.advance(output, STRIDE * BLOCK_OUTPUTS);
        },
        () => i32.ltU(output, last),
      );
    }
    if (shape.outputs % BLOCK_OUTPUTS > 0) writeBlock(shape.outputs % BLOCK_OUTPUTS);
  });

/**
 * Block of `width` outputs that are accumulated together. All their nonzero weights are at inputs
 * first ≤ i < end.
 */
interface Block {
  readonly output: number;
  readonly width: number;
  readonly first: number;
  readonly end: number;
}

const blocksOf = ({ inputs, outputs, weights, inputStride, outputStride }: DenseTile): readonly Block[] =>
  Array.from({ length: Math.ceil(outputs / BLOCK_OUTPUTS) }, (_, b): Block => {
    const output = b * BLOCK_OUTPUTS;
    const width = Math.min(BLOCK_OUTPUTS, outputs - output);
    const isZero = (input: number): boolean => {
      for (let o = output; o < output + width; o++) {
        if (weights[input * inputStride + o * outputStride] !== 0) return false;
      }
      return true;
    };
    let [first, end] = [0, inputs];
    while (end > 0 && isZero(end - 1)) end--;
    while (first < end && isZero(first)) first++;
    return { output, width, first, end };
  });

/**
 * Packs the weights in the order in which the kernel reads them: by block, biases first. Plain
 * loops, because there may be millions of weights.
 */
const packBlocks = (
  { inputs, outputs, weights, inputStride, outputStride, bias }: DenseTile,
  blocks: readonly Block[],
  trimmed: boolean,
): Float32Array => {
  const packed = new Float32Array((inputs + 1) * outputs + 2 * blocks.length);
  const words = new Int32Array(packed.buffer);
  let at = 0;
  for (const { output, width, ...run } of blocks) {
    const { first, end } = trimmed ? run : { first: 0, end: inputs };
    if (trimmed) {
      words[at++] = first * STRIDE;
      words[at++] = (end - first) * width * 4;
    }
    for (let o = output; o < output + width; o++) packed[at++] = bias[o] ?? missing(bias, o);
    for (let i = first; i < end; i++) {
      for (let o = output; o < output + width; o++) {
        const weight = i * inputStride + o * outputStride;
        packed[at++] = weights[weight] ?? missing(weights, weight);
      }
    }
  }
  return packed.subarray(0, at);
};
