import { at } from '@flowline/events';

import { BLOCK_RESULTS, RUN_BYTES } from './dense-product.ts';
import type { TrainingEmission } from './emission.ts';
import { BLOCK_QUANTITIES, overPanels, padded, vectors } from './panel.ts';
import { weightStride } from './parameter-layout.ts';
import { f32x4, i32, v128 } from '../assembly/expression.ts';
import type { I32, V128 } from '../assembly/expression.ts';
import type { FunctionBuilder, FunctionReference } from '../assembly/function-builder.ts';
import { PANEL_BYTES, VECTOR_BYTES } from '../layout.ts';

const FLOAT_BYTES = 4;
/** Shape of the pull-back of a dense layer to its weights. It identifies the kernel. */
export interface WeightsShape {
  readonly inputs: number;
  readonly outputs: number;
  /** True if each block of outputs has weights only for the inputs from a first to a last one. */
  readonly trimmed: boolean;
}

/** Inputs whose weights are accumulated together, for two outputs: eight sums. */
const SUMMED_INPUTS = BLOCK_QUANTITIES;

/**
 * Pull-back to the weights of a dense layer: dW_io += Σ over the rows of x_i·dy_o. The vectors of
 * all panels are summed before their lanes are. Parameters: dW, x, dy, panels, table of runs.
 */
export const definePullBackWeights = (emission: TrainingEmission, shape: WeightsShape): FunctionReference =>
  emission.module.define(`denseWeights ${JSON.stringify(shape)}`, 5, (f) => {
    const { inputs, outputs, trimmed } = shape;
    const [weights, adjoints, run] = [f.let(f.parameter(0)), f.let(f.parameter(2)), f.let(f.parameter(4))];
    const rowBytes = weightStride(inputs) * FLOAT_BYTES;
    const [weight, end, values] = [f.local('i32'), f.local('i32'), f.local('i32')];
    const left = f.let(i32.constant(Math.ceil(outputs / BLOCK_RESULTS)));
    f.doWhile(
      () => {
        const first = trimmed ? i32.and(i32.load(run), i32.constant(-SUMMED_INPUTS)) : i32.constant(0);
        const last = trimmed ? i32.load(run, FLOAT_BYTES) : i32.constant(padded(inputs));
        f.set(values, i32.add(f.parameter(1), i32.mul(first, i32.constant(PANEL_BYTES))));
        f.set(weight, i32.add(weights, i32.mul(first, i32.constant(FLOAT_BYTES))));
        f.set(end, i32.add(weights, i32.mul(last, i32.constant(FLOAT_BYTES))));
        f.while(
          () => i32.ltU(weight, end),
          () => {
            addOuterProducts(f, emission, rowBytes, { weight, values, adjoints, panels: f.parameter(3) });
            f.advance(weight, SUMMED_INPUTS * FLOAT_BYTES);
            f.advance(values, SUMMED_INPUTS * PANEL_BYTES);
          },
        );
        f.advance(weights, BLOCK_RESULTS * rowBytes);
        f.advance(adjoints, BLOCK_RESULTS * PANEL_BYTES);
        f.advance(run, RUN_BYTES);
        f.advance(left, -1);
      },
      () => left,
    );
  });

/** Adds the products of four inputs and two outputs, summed over all rows, to their weights. */
const addOuterProducts = (
  f: FunctionBuilder,
  { math, panel }: TrainingEmission,
  rowBytes: number,
  pointers: { readonly weight: I32; readonly values: I32; readonly adjoints: I32; readonly panels: I32 },
): void => {
  const [x, dy] = [f.let(pointers.values), f.let(pointers.adjoints)];
  const sums = Array.from({ length: SUMMED_INPUTS * BLOCK_RESULTS }, () => f.let(f32x4.constant(0)));
  const end = f.local('i32');
  overPanels(f, pointers.panels, panel.size - PANEL_BYTES, [x, dy], () => {
    f.set(end, i32.add(x, i32.constant(PANEL_BYTES)));
    f.doWhile(
      () => {
        const outer = [0, 1].map((o) => f.let(v128.load(dy, o * PANEL_BYTES)));
        for (let i = 0; i < SUMMED_INPUTS; i++) {
          const value = f.let(v128.load(x, i * PANEL_BYTES));
          outer.forEach((adjoint, o) => {
            const sum = at(sums, o * SUMMED_INPUTS + i);
            f.set(sum, math.multiplyAdd(value, adjoint, sum));
          });
        }
        f.advance(x, VECTOR_BYTES);
        f.advance(dy, VECTOR_BYTES);
      },
      () => i32.ltU(x, end),
    );
  });
  for (let o = 0; o < BLOCK_RESULTS; o++) {
    const own = acrossRows(f, sums.slice(SUMMED_INPUTS * o, SUMMED_INPUTS * (o + 1)));
    f.store(pointers.weight, f32x4.add(v128.load(pointers.weight, o * rowBytes), own), o * rowBytes);
  }
};

/**
 * Pull-back to a vector that every row shares: d_o += Σ over the rows of dy_o. Parameters: d, dy,
 * number of quantities (padded), panels.
 */
export const definePullBackShared = ({ module, panel }: TrainingEmission): FunctionReference =>
  module.define('sharedSums', 4, (f) => {
    const [to, from] = [f.let(f.parameter(0)), f.let(f.parameter(1))];
    const left = f.let(f.parameter(2));
    f.doWhile(
      () => {
        const dy = f.let(from);
        const sums = Array.from({ length: BLOCK_QUANTITIES }, () => f.let(f32x4.constant(0)));
        overPanels(f, f.parameter(3), panel.size, [dy], () => {
          for (const v of vectors) {
            sums.forEach((sum, o) => f.set(sum, f32x4.add(sum, v128.load(dy, o * PANEL_BYTES + v * VECTOR_BYTES))));
          }
        });
        f.store(to, f32x4.add(v128.load(to), acrossRows(f, sums)));
        f.advance(to, BLOCK_QUANTITIES * FLOAT_BYTES);
        f.advance(from, BLOCK_QUANTITIES * PANEL_BYTES);
        f.advance(left, -BLOCK_QUANTITIES);
      },
      () => left,
    );
  });

/** Sums of the lanes of four vectors, side by side. */
export const acrossRows = (f: FunctionBuilder, sums: readonly V128[]): V128 => {
  const pair = (a: V128, b: V128): V128 =>
    f.let(f32x4.add(v128.shuffle(a, b, [0, 4, 1, 5]), v128.shuffle(a, b, [2, 6, 3, 7])));
  const [ab, cd] = [pair(at(sums, 0), at(sums, 1)), pair(at(sums, 2), at(sums, 3))];
  return f32x4.add(v128.shuffle(ab, cd, [0, 1, 4, 5]), v128.shuffle(ab, cd, [2, 3, 6, 7]));
};
