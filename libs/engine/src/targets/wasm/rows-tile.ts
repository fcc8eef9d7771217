import { at } from '@flowline/events';
import { writeBase, writeLatent } from './base.ts';
import type { Emission } from './emission.ts';
import { f32, f32x4, i32, v128 } from './assembly/expression.ts';
import type { I32, Local } from './assembly/expression.ts';
import type { FunctionBuilder, FunctionReference } from './assembly/function-builder.ts';
import { pairwise, tileLanes } from './lanes.ts';
import { PANEL_BYTES, STRIDE, TILE_PANELS, VECTOR_BYTES } from './layout.ts';
import { squash } from './squash.ts';
import type { TileMemory } from './tile-memory.ts';
import { PARTIAL_SUMS } from './tile-memory.ts';

const FLOAT_BYTES = 4;

/**
 * Reads rows into the tile: transposes them, derives the masks, replaces unobserved values by 0,
 * and clears the sums. Parameters: address of the first row, number of rows.
 */
export const defineReadRows = ({ module, plan, math }: Emission, memory: TileMemory): FunctionReference =>
  module.define('readRows', 2, (f) => {
    const row = f.let(f.parameter(0));
    const lane = f.let(i32.constant(0));
    const end = f.let(i32.mul(f.parameter(1), i32.constant(FLOAT_BYTES)));
    f.doWhile(
      () => {
        for (let i = 0; i < plan.features; i++) {
          f.storeFloat(lane, f32.load(row, i * FLOAT_BYTES), memory.state + i * STRIDE);
        }
        for (let i = 0; i < plan.context; i++) {
          f.storeFloat(lane, f32.load(row, (plan.features + i) * FLOAT_BYTES), memory.context + i * STRIDE);
        }
        f.advance(row, (plan.features + plan.context) * FLOAT_BYTES);
        f.advance(lane, FLOAT_BYTES);
      },
      () => i32.ltU(lane, end),
    );
    overTile(f, (offset) => {
      plan.presence.forEach((column, dimension) => {
        if (column === null) return;
        const state = memory.state + dimension * STRIDE;
        const observed = f.let(f32x4.gt(v128.load(offset, memory.context + column * STRIDE), f32x4.constant(0.5)));
        f.store(offset, v128.and(observed, f32x4.constant(1)), at(memory.masks, dimension));
        f.store(offset, v128.and(observed, v128.load(offset, state)), state);
      });
      for (const [clip, end] of memory.inputEnds) {
        for (let i = 0; i < plan.context; i++) {
          const value = f.let(v128.load(offset, memory.context + i * STRIDE));
          f.store(offset, squash(f, math, clip, value), end + i * STRIDE);
        }
      }
      for (let sum = 0; sum < PARTIAL_SUMS; sum++) f.store(offset, f32x4.constant(0), memory.logDet + sum * STRIDE);
    });
  });

/**
 * Writes a quantity per dimension as rows. Parameters: quantities, address of the first row, number
 * of rows.
 */
export const defineWriteRows = ({ module, plan }: Emission, order: Int32Array): FunctionReference =>
  module.define(`writeRows ${order.join()}`, 3, (f) => {
    const from = f.let(f.parameter(0));
    const row = f.let(f.parameter(1));
    const end = f.let(i32.add(from, i32.mul(f.parameter(2), i32.constant(FLOAT_BYTES))));
    f.doWhile(
      () => {
        order.forEach((dimension, i) => f.storeFloat(row, f32.load(from, dimension * STRIDE), i * FLOAT_BYTES));
        f.advance(row, plan.features * FLOAT_BYTES);
        f.advance(from, FLOAT_BYTES);
      },
      () => i32.ltU(from, end),
    );
  });

/**
 * Finishes a tile: applies the last affine map, which leaves z in the state, and stores the
 * log-density of each row. Parameters: address of the results (with room for a whole tile).
 */
export const defineFinish = (emission: Emission, memory: TileMemory): FunctionReference => {
  const { module } = emission;
  return module.define('finishTile', 1, (f) => {
    overTile(f, (offset) => {
      const lanes = tileLanes(emission, f, memory, offset);
      writeLatent(emission, lanes, memory.state);
      const base = f.let(writeBase(emission, lanes, memory.state, memory.components));
      const logDet = Array.from({ length: PARTIAL_SUMS }, (_, sum) => v128.load(offset, memory.logDet + sum * STRIDE));
      f.store(i32.add(f.parameter(0), offset), f32x4.add(pairwise(logDet), base));
    });
  });
};

/**
 * Emits a body for every vector of a tile, or of its first bytes. `offset` is the byte offset
 * within each quantity.
 */
export const overTile = (
  f: FunctionBuilder,
  body: (offset: Local<'i32'>) => void,
  bytes: I32 = i32.constant(TILE_PANELS * PANEL_BYTES),
): void => {
  const offset = f.let(i32.constant(0));
  f.doWhile(
    () => {
      body(offset);
      f.advance(offset, VECTOR_BYTES);
    },
    () => i32.ltU(offset, bytes),
  );
};
