import { at } from '@flowline/events';

import type { TrainingEmission } from './emission.ts';
import { overPanels } from './panel.ts';
import { maskOf } from './panel-blocks.ts';
import type { PanelBlocks } from './panel-blocks.ts';
import { rowNumbers, Use, writeNormalQuantile, writeUniform } from './random.ts';
import type { DrawSeed } from './random.ts';
import { f32, f32x4, i32, v128 } from '../assembly/expression.ts';
import type { F32, I32, Local, V128 } from '../assembly/expression.ts';
import type { FunctionBuilder, FunctionReference } from '../assembly/function-builder.ts';
import { PANEL_BYTES, PANEL_ROWS, VECTOR_BYTES } from '../layout.ts';
import { squash } from '../squash.ts';

const FLOAT_BYTES = 4;
const ROW_LANES = 4;

/** Noise and masking of training rows, drawn as they are read. */
export interface Draws {
  readonly seed: DrawSeed;
  /** Per feature: standard deviation of Gaussian noise, and full width of uniform noise. */
  readonly gaussian: ArrayLike<number>;
  readonly uniform: ArrayLike<number>;
  /** Features that are masked, each with this probability. */
  readonly maskable: readonly number[];
  readonly probability: number;
}

/**
 * Reads rows [x | context] into panels: transposes them, draws noise and masks, replaces unobserved
 * values by 0, squashes the context, and clears log p. Rows beyond the last are zeros. Parameters:
 * first panel, panels, x, context, number of rows, number of the first row, step.
 */
export const defineReadRows = (
  emission: TrainingEmission,
  blocks: PanelBlocks,
  draws: Draws | null,
): FunctionReference =>
  emission.module.define(draws === null ? 'readRows' : 'drawRows', 7, (f) => {
    const { panel, plan } = emission;
    const [tile, x, context] = [f.let(f.parameter(0)), f.let(f.parameter(2)), f.let(f.parameter(3))];
    const [left, number] = [f.let(f.parameter(4)), f.let(f.parameter(5))];
    overPanels(f, f.parameter(1), panel.size, [tile], () => {
      transpose(f, { tile, left }, [
        { from: x, to: blocks.state, width: plan.features },
        { from: context, to: blocks.context, width: plan.context },
      ]);
      const offset = f.let(tile);
      const end = f.let(i32.add(tile, i32.constant(PANEL_BYTES)));
      f.doWhile(
        () => {
          if (draws !== null) draw(f, emission, blocks, draws, { offset, number, step: f.parameter(6) });
          finish(f, emission, blocks, offset);
          f.advance(offset, VECTOR_BYTES);
          f.advance(number, ROW_LANES);
        },
        () => i32.ltU(offset, end),
      );
    });
  });

/** Rows of a matrix and the block of quantities that they become. */
interface Transposed {
  /** Next number of the next row. */
  readonly from: Local<'i32'>;
  readonly to: number;
  readonly width: number;
}

/** Copies the next 16 rows of matrices into the lanes of blocks. `left` counts the rows down. */
const transpose = (
  f: FunctionBuilder,
  { tile, left }: { readonly tile: Local<'i32'>; readonly left: Local<'i32'> },
  matrices: readonly Transposed[],
): void => {
  const lane = f.let(tile);
  const end = f.let(i32.add(tile, i32.constant(PANEL_ROWS * FLOAT_BYTES)));
  const [to, last] = [f.local('i32'), f.local('i32')];
  const write = (value: (from: I32) => F32, advance: number): void => {
    for (const { from, to: block, width } of matrices) {
      if (width === 0) continue;
      f.set(to, i32.add(lane, i32.constant(block)));
      f.set(last, i32.add(to, i32.constant(width * PANEL_BYTES)));
      f.doWhile(
        () => {
          f.storeFloat(to, value(from));
          f.advance(from, advance);
          f.advance(to, PANEL_BYTES);
        },
        () => i32.ltU(to, last),
      );
    }
  };
  f.doWhile(
    () => {
      f.if(
        left,
        () => {
          write((from) => f32.load(from), FLOAT_BYTES);
          f.advance(left, -1);
        },
        () => write(() => f32.constant(0), 0),
      );
      f.advance(lane, FLOAT_BYTES);
    },
    () => i32.ltU(lane, end),
  );
};

/** Adds noise, and masks observed values. */
const draw = (
  f: FunctionBuilder,
  { math, plan }: TrainingEmission,
  { state, context }: PanelBlocks,
  { seed, gaussian, uniform, maskable, probability }: Draws,
  { offset, number, step }: { readonly offset: I32; readonly number: I32; readonly step: I32 },
): void => {
  const row = f.let(rowNumbers(number));
  const uniformFor = (feature: number, use: number): V128 => writeUniform(f, seed, { step, row, feature, use });
  for (let d = 0; d < plan.features; d++) {
    const [sigma, width] = [at(gaussian, d), at(uniform, d)];
    if (sigma === 0 && width === 0) continue;
    const value = f.let(v128.load(offset, state + d * PANEL_BYTES));
    if (sigma !== 0) {
      const normal = writeNormalQuantile(f, math, uniformFor(d, Use.gaussian));
      f.set(value, math.multiplyAdd(normal, f32x4.constant(sigma), value));
    }
    if (width !== 0) {
      const centred = f32x4.sub(uniformFor(d, Use.uniform), f32x4.constant(0.5));
      f.set(value, math.multiplyAdd(centred, f32x4.constant(width), value));
    }
    f.store(offset, value, state + d * PANEL_BYTES);
  }
  for (const d of maskable) {
    const column = at(plan.presence, d);
    if (column === null || probability === 0) continue;
    const place = context + column * PANEL_BYTES;
    const isKept = f32x4.lt(uniformFor(d, Use.mask), f32x4.constant(probability));
    f.store(offset, v128.andNot(v128.load(offset, place), isKept), place);
  }
};

/** Derives the masks, replaces unobserved values by 0, squashes the context, clears log p. */
const finish = (f: FunctionBuilder, emission: TrainingEmission, blocks: PanelBlocks, offset: I32): void => {
  const { plan, math } = emission;
  plan.presence.forEach((column, d) => {
    const mask = maskOf(emission, blocks, d);
    if (column === null || mask === null) return;
    const state = blocks.state + d * PANEL_BYTES;
    const observed = f.let(f32x4.gt(v128.load(offset, blocks.context + column * PANEL_BYTES), f32x4.constant(0.5)));
    f.store(offset, v128.and(observed, f32x4.constant(1)), mask);
    f.store(offset, v128.and(observed, v128.load(offset, state)), state);
  });
  for (const [clip, block] of blocks.squashed) {
    if (clip === null) continue;
    for (let i = 0; i < plan.context; i++) {
      const value = f.let(v128.load(offset, blocks.context + i * PANEL_BYTES));
      f.store(offset, squash(f, math, clip, value), block + i * PANEL_BYTES);
    }
  }
  f.store(offset, f32x4.constant(0), blocks.logProb);
};
