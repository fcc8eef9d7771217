import { activate } from './activation.ts';
import { f32x4, i32, v128 } from './expression.ts';
import type { V128 } from './expression.ts';
import type { FunctionReference } from './function-builder.ts';
import { PANEL_BYTES, PANEL_VECTORS, STRIDE, VECTOR_BYTES } from './layout.ts';
import type { VectorMath } from './math.ts';
import type { ModuleBuilder } from './module-builder.ts';
import type { Activation } from '../plan.ts';

/** The shape of a dense layer over a tile, which names the kernel that runs it. */
export interface DenseShape {
  readonly inputs: number;
  readonly outputs: number;
  readonly activation: Activation;
  /** The result is added to what is there, instead of taking its place. */
  readonly accumulates: boolean;
}

/**
 * Outputs of one block. Two outputs × four vectors are eight accumulators, four activations and a weight: 13 of the 15
 * registers that V8 hands out. Wider blocks, or a loop unrolled over the inputs, make it spill, at a third of the speed.
 */
const BLOCK_OUTPUTS = 2;

/**
 * The kernel of a dense layer: lanes are rows, and a block of outputs is accumulated in registers over all inputs, in
 * order. Parameters: weights, inputs, outputs, bytes of the panels.
 */
export const defineDenseTile = (module: ModuleBuilder, math: VectorMath, shape: DenseShape): FunctionReference =>
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
          f.set(weight, block);
          f.set(activation, i32.add(inputs, panel));
          const sums = Array.from({ length: width }, (_, o) => {
            const bias = f.let(v128.loadSplat(weight, 4 * o));
            return Array.from({ length: PANEL_VECTORS }, () => f.let(bias));
          });
          f.advance(weight, 4 * width);
          f.set(end, i32.add(weight, i32.constant(shape.inputs * width * 4)));
          const accumulate = (): void =>
            f.doWhile(
              () => {
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
                f.advance(activation, STRIDE);
                f.advance(weight, 4 * width);
              },
              () => i32.ltU(weight, end),
            );
          if (shape.inputs > 0) accumulate();
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
      const last = f.let(i32.add(block, i32.constant(blocks * BLOCK_OUTPUTS * (shape.inputs + 1) * 4)));
      f.doWhile(
        () => {
          writeBlock(BLOCK_OUTPUTS);
          f.advance(block, (shape.inputs + 1) * BLOCK_OUTPUTS * 4);
          f.advance(output, STRIDE * BLOCK_OUTPUTS);
        },
        () => i32.ltU(block, last),
      );
    }
    if (shape.outputs % BLOCK_OUTPUTS > 0) writeBlock(shape.outputs % BLOCK_OUTPUTS);
  });

/** The weights of a dense layer in the order in which the tile kernel reads them: by block, biases first. */
export const packDenseTile = (
  weight: (input: number, output: number) => number,
  bias: (output: number) => number,
  inputs: number,
  outputs: number,
): Float32Array => {
  const packed = new Float32Array((inputs + 1) * outputs);
  let at = 0;
  for (let first = 0; first < outputs; first += BLOCK_OUTPUTS) {
    const last = Math.min(first + BLOCK_OUTPUTS, outputs);
    for (let o = first; o < last; o++) packed[at++] = bias(o);
    for (let i = 0; i < inputs; i++) for (let o = first; o < last; o++) packed[at++] = weight(i, o);
  }
  return packed;
};
