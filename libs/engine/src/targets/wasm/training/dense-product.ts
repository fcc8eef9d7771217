import { at } from '@flowline/events';

import type { TrainingEmission } from './emission.ts';
import { overPanels, vectors } from './panel.ts';
import { activate } from '../activation.ts';
import { f32x4, i32, v128 } from '../assembly/expression.ts';
import type { I32, Local } from '../assembly/expression.ts';
import type { FunctionBuilder, FunctionReference } from '../assembly/function-builder.ts';
import { PANEL_BYTES, VECTOR_BYTES } from '../layout.ts';
import type { Activation } from '../../../plan/plan.ts';

/**
 * Shape of a product with the weights of a dense layer. It identifies the kernel. The weight of
 * term t for result r is at t·termStride + r·resultStride, so the same kernel reads the weights
 * transposed.
 */
export interface ProductShape {
  readonly terms: number;
  readonly results: number;
  readonly termStride: number;
  readonly resultStride: number;
  /** Sums begin with the bias, with zero, or with what the results hold. */
  readonly begins: 'bias' | 'zero' | 'result';
  readonly activation: Activation;
  /** True if each block of results reads only the terms from a first to a last one. */
  readonly trimmed: boolean;
}

const FLOAT_BYTES = 4;
/**
 * Results per block. Two results × four vectors are eight accumulators, four values and a weight:
 * 13 of the 15 registers that V8 allocates. It spills if the loop over the terms is unrolled.
 */
export const BLOCK_RESULTS = 2;
/** Table entry of a trimmed block: its first term, and the end of its terms. */
export const RUN_BYTES = 8;

/**
 * Product y_r = activation(Σ_t W_tr·x_t + b_r) over panels. Lanes are rows, and the terms are added
 * in order. Parameters: weights, bias, x, y, panels, table of runs.
 */
export const defineProduct = (emission: TrainingEmission, shape: ProductShape): FunctionReference =>
  emission.module.define(`product ${JSON.stringify(shape)}`, 6, (f) => {
    const [weights, bias] = [f.let(f.parameter(0)), f.let(f.parameter(1))];
    const [to, run] = [f.let(f.parameter(3)), f.let(f.parameter(5))];
    const pointers = { weights, bias, to, run, from: f.parameter(2), panels: f.parameter(4) };
    const blocks = Math.floor(shape.results / BLOCK_RESULTS);
    if (blocks > 0) {
      const end = f.let(i32.add(to, i32.constant(blocks * BLOCK_RESULTS * PANEL_BYTES)));
      f.doWhile(
        () => {
          writeBlock(f, emission, shape, pointers, BLOCK_RESULTS);
          f.advance(weights, BLOCK_RESULTS * shape.resultStride * FLOAT_BYTES);
          f.advance(bias, BLOCK_RESULTS * FLOAT_BYTES);
          f.advance(to, BLOCK_RESULTS * PANEL_BYTES);
          f.advance(run, RUN_BYTES);
        },
        () => i32.ltU(to, end),
      );
    }
    if (shape.results % BLOCK_RESULTS > 0) writeBlock(f, emission, shape, pointers, 1);
  });

interface BlockPointers {
  readonly weights: I32;
  readonly bias: I32;
  readonly from: I32;
  readonly to: I32;
  readonly panels: I32;
  readonly run: I32;
}

const writeBlock = (
  f: FunctionBuilder,
  { math, panel }: TrainingEmission,
  { terms, termStride, resultStride, begins, activation, trimmed }: ProductShape,
  pointers: BlockPointers,
  width: number,
): void => {
  const [from, to] = [f.let(pointers.from), f.let(pointers.to)];
  const [value, weight, end] = [f.local('i32'), f.local('i32'), f.local('i32')];
  const termBytes = i32.constant(termStride * FLOAT_BYTES);
  overPanels(f, pointers.panels, panel.size, [from, to], () => {
    const sums = Array.from({ length: width }, (_, r) => beginning(f, begins, pointers.bias, to, r));
    const first = trimmed ? i32.load(pointers.run) : i32.constant(0);
    const last = trimmed ? i32.load(pointers.run, FLOAT_BYTES) : i32.constant(terms);
    f.set(value, i32.add(from, i32.mul(first, i32.constant(PANEL_BYTES))));
    f.set(weight, i32.add(pointers.weights, i32.mul(first, termBytes)));
    f.set(end, i32.add(pointers.weights, i32.mul(last, termBytes)));
    const accumulate = (): void =>
      f.doWhile(
        () => {
          const values = vectors.map((v) => f.let(v128.load(value, v * VECTOR_BYTES)));
          sums.forEach((row, r) => {
            const factor = f.let(v128.loadSplat(weight, r * resultStride * FLOAT_BYTES));
            row.forEach((sum, v) => f.set(sum, math.multiplyAdd(factor, at(values, v), sum)));
          });
          f.advance(value, PANEL_BYTES);
          f.advance(weight, termStride * FLOAT_BYTES);
        },
        () => i32.ltU(weight, end),
      );
    if (trimmed) f.if(i32.ltU(weight, end), accumulate);
    else if (terms > 0) accumulate();
    sums.forEach((row, r) =>
      row.forEach((sum, v) => f.store(to, activate(f, math, activation, sum), r * PANEL_BYTES + v * VECTOR_BYTES)),
    );
  });
};

/** Sums of the vectors of a result before its first term. */
const beginning = (
  f: FunctionBuilder,
  begins: ProductShape['begins'],
  bias: I32,
  to: I32,
  result: number,
): readonly Local<'v128'>[] => {
  switch (begins) {
    case 'bias': {
      const own = f.let(v128.loadSplat(bias, result * FLOAT_BYTES));
      return vectors.map(() => f.let(own));
    }
    case 'zero':
      return vectors.map(() => f.let(f32x4.constant(0)));
    case 'result':
      return vectors.map((v) => f.let(v128.load(to, result * PANEL_BYTES + v * VECTOR_BYTES)));
  }
};
