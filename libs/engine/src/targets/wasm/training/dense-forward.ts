import { at } from '@flowline/events';

import type { TrainingEmission } from './emission.ts';
import { overPanels, vectors } from './panel.ts';
import { weightStride } from './parameter-layout.ts';
import { activate } from '../activation.ts';
import { i32, v128 } from '../assembly/expression.ts';
import type { Local, V128 } from '../assembly/expression.ts';
import type { FunctionBuilder, FunctionReference } from '../assembly/function-builder.ts';
import { PANEL_BYTES, VECTOR_BYTES } from '../layout.ts';
import type { Activation } from '../../../plan/plan.ts';

/** Shape of the forward pass of a dense layer. It identifies the kernel. */
export interface ForwardShape {
  readonly inputs: number;
  readonly outputs: number;
  readonly activation: Activation;
  /** True if the sums begin with what the outputs hold, instead of the bias. */
  readonly begun: boolean;
  /** True if each block of outputs reads only the inputs from a first to a last one. */
  readonly trimmed: boolean;
}

const FLOAT_BYTES = 4;
/**
 * Outputs per block. Two outputs × four vectors are eight accumulators, four values and a weight:
 * 13 of the 15 registers that V8 allocates. It spills if the loop over the inputs is unrolled.
 */
export const BLOCK_OUTPUTS = 2;
/** Table entry of a trimmed block: its first input, and the end of its inputs. */
export const RUN_BYTES = 8;

/**
 * Forward pass y = activation(W·x + b) over panels. Lanes are rows; two outputs × four vectors are
 * accumulated over the inputs in order. Parameters: weights, bias, x, y, panels, table of runs.
 */
export const defineForward = (emission: TrainingEmission, shape: ForwardShape): FunctionReference =>
  emission.module.define(`dense ${JSON.stringify(shape)}`, 6, (f) => {
    const [block, bias] = [f.let(f.parameter(0)), f.let(f.parameter(1))];
    const [output, run] = [f.let(f.parameter(3)), f.let(f.parameter(5))];
    const writeBlock = (width: number): void => {
      writeOutputs(
        f,
        emission,
        shape,
        { block, bias, output, run, inputs: f.parameter(2), panels: f.parameter(4) },
        width,
      );
    };
    const blocks = Math.floor(shape.outputs / BLOCK_OUTPUTS);
    if (blocks > 0) {
      const end = f.let(i32.add(output, i32.constant(blocks * BLOCK_OUTPUTS * PANEL_BYTES)));
      f.doWhile(
        () => {
          writeBlock(BLOCK_OUTPUTS);
          f.advance(block, BLOCK_OUTPUTS * weightStride(shape.inputs) * FLOAT_BYTES);
          f.advance(bias, BLOCK_OUTPUTS * FLOAT_BYTES);
          f.advance(output, BLOCK_OUTPUTS * PANEL_BYTES);
          f.advance(run, RUN_BYTES);
        },
        () => i32.ltU(output, end),
      );
    }
    if (shape.outputs % BLOCK_OUTPUTS > 0) writeBlock(1);
  });

interface BlockPointers {
  readonly block: Local<'i32'>;
  readonly bias: Local<'i32'>;
  readonly output: Local<'i32'>;
  readonly run: Local<'i32'>;
  readonly inputs: Local<'i32'>;
  readonly panels: Local<'i32'>;
}

const writeOutputs = (
  f: FunctionBuilder,
  { math, panel }: TrainingEmission,
  { inputs, activation, begun, trimmed }: ForwardShape,
  pointers: BlockPointers,
  width: number,
): void => {
  const [from, to] = [f.let(pointers.inputs), f.let(pointers.output)];
  const [value, weight, end] = [f.local('i32'), f.local('i32'), f.local('i32')];
  overPanels(f, pointers.panels, panel.size, [from, to], () => {
    const sums = Array.from({ length: width }, (_, o) => {
      if (begun) return vectors.map((v) => f.let(v128.load(to, o * PANEL_BYTES + v * VECTOR_BYTES)));
      const bias = f.let(v128.loadSplat(pointers.bias, o * FLOAT_BYTES));
      return vectors.map(() => f.let(bias));
    });
    const first = trimmed ? i32.load(pointers.run) : i32.constant(0);
    const last = trimmed ? i32.load(pointers.run, FLOAT_BYTES) : i32.constant(inputs);
    f.set(value, i32.add(from, i32.mul(first, i32.constant(PANEL_BYTES))));
    f.set(weight, i32.add(pointers.block, i32.mul(first, i32.constant(FLOAT_BYTES))));
    f.set(end, i32.add(pointers.block, i32.mul(last, i32.constant(FLOAT_BYTES))));
    const accumulate = (): void =>
      f.doWhile(
        () => {
          const values = vectors.map((v) => f.let(v128.load(value, v * VECTOR_BYTES)));
          sums.forEach((row, o) => {
            const factor = f.let(v128.loadSplat(weight, o * weightStride(inputs) * FLOAT_BYTES));
            row.forEach((sum, v) => f.set(sum, math.multiplyAdd(factor, at(values, v), sum)));
          });
          f.advance(value, PANEL_BYTES);
          f.advance(weight, FLOAT_BYTES);
        },
        () => i32.ltU(weight, end),
      );
    if (trimmed) f.if(i32.ltU(weight, end), accumulate);
    else if (inputs > 0) accumulate();
    sums.forEach((row, o) =>
      row.forEach((sum: Local<'v128'>, v) => {
        const result: V128 = activate(f, math, activation, sum);
        f.store(to, result, o * PANEL_BYTES + v * VECTOR_BYTES);
      }),
    );
  });
};
