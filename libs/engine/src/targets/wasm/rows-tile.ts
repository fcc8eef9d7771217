import { at } from '@flowline/events';
import { writeBase, writeLatent } from './base.ts';
import type { Emission } from './emission.ts';
import { f32, f32x4, i32, v128 } from './assembly/expression.ts';
import type { I32, Local } from './assembly/expression.ts';
import type { FunctionBuilder, FunctionReference } from './assembly/function-builder.ts';
import { pairwise, tileLanes } from './lanes.ts';
import { columnOffset, listColumns, overColumns } from './context-list.ts';
import type { ContextList } from './context-list.ts';
import { PANEL_BYTES, PANEL_VECTORS, STRIDE, TILE_PANELS, VECTOR_BYTES } from './layout.ts';
import { writeRowLists } from './row-lists.ts';
import type { RowListWriter } from './row-lists.ts';
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
    if (memory.list !== null) clearContext(f, memory, memory.list);
    const rowLists = memory.list?.rows ?? null;
    const lists = rowLists === null ? null : writeRowLists(f, rowLists);
    f.doWhile(
      () => {
        for (let i = 0; i < plan.features; i++) {
          f.storeFloat(lane, f32.load(row, i * FLOAT_BYTES), memory.state + i * STRIDE);
        }
        const sparse = memory.list === null ? 0 : plan.context - (plan.context % 4);
        if (sparse > 0) readSparse(f, row, lane, plan.features * FLOAT_BYTES, sparse, memory.context, lists);
        for (let i = sparse; i < plan.context; i++) {
          const offset = (plan.features + i) * FLOAT_BYTES;
          f.storeFloat(lane, f32.load(row, offset), memory.context + i * STRIDE);
          if (lists !== null) f.if(i32.load(row, offset), () => lists.add(i32.constant(i * FLOAT_BYTES)));
        }
        lists?.endRow(lane);
        f.advance(row, (plan.features + plan.context) * FLOAT_BYTES);
        f.advance(lane, FLOAT_BYTES);
      },
      () => i32.ltU(lane, end),
    );
    lists?.endTile(lane);
    overTile(f, (offset) => {
      plan.presence.forEach((column, dimension) => {
        if (column === null) return;
        const state = memory.state + dimension * STRIDE;
        const observed = f.let(f32x4.gt(v128.load(offset, memory.context + column * STRIDE), f32x4.constant(0.5)));
        f.store(offset, v128.and(observed, f32x4.constant(1)), at(memory.masks, dimension));
        f.store(offset, v128.and(observed, v128.load(offset, state)), state);
      });
      for (const [clip, end] of memory.list === null ? memory.inputEnds : []) {
        for (let i = 0; i < plan.context; i++) {
          const value = f.let(v128.load(offset, memory.context + i * STRIDE));
          f.store(offset, squash(f, math, clip, value), end + i * STRIDE);
        }
      }
      for (let sum = 0; sum < PARTIAL_SUMS; sum++) f.store(offset, f32x4.constant(0), memory.logDet + sum * STRIDE);
    });
    if (memory.list !== null) listContext({ math, plan }, f, memory, memory.list);
  });

/** Clears the columns of the context that the tile before has listed; all others are zero. */
const clearContext = (f: FunctionBuilder, memory: TileMemory, list: ContextList): void =>
  overPanels(f, (panel) => {
    overColumns(f, list, panel, (item) => {
      const column = f.let(i32.add(columnOffset(item), panel));
      for (let v = 0; v < PANEL_VECTORS; v++) {
        f.store(column, f32x4.constant(0), memory.context + v * VECTOR_BYTES);
      }
    });
  });

/**
 * Reads the first `columns` numbers of a row's context, leaving out four zeros at a time, and lists
 * those that are not zero.
 */
const readSparse = (
  f: FunctionBuilder,
  row: I32,
  lane: I32,
  offset: number,
  columns: number,
  context: number,
  lists: RowListWriter | null,
): void => {
  const from = f.let(row);
  const to = f.let(lane);
  const end = f.let(i32.add(row, i32.constant(columns * FLOAT_BYTES)));
  f.doWhile(
    () => {
      const values = f.let(v128.load(from, offset));
      f.if(v128.bitmaskI32(f32x4.ne(values, f32x4.constant(0))), () => {
        for (let k = 0; k < 4; k++) {
          f.storeLane(to, values, k, context + k * STRIDE);
          if (lists === null) continue;
          const item = i32.add(i32.sub(from, row), i32.constant(k * FLOAT_BYTES));
          f.if(i32.load(from, offset + k * FLOAT_BYTES), () => lists.add(item));
        }
      });
      f.advance(from, VECTOR_BYTES);
      f.advance(to, 4 * STRIDE);
    },
    () => i32.ltU(from, end),
  );
};

/** Lists the columns of the context that are not zero, and squashes only these. */
const listContext = (
  { math, plan }: Pick<Emission, 'math' | 'plan'>,
  f: FunctionBuilder,
  memory: TileMemory,
  list: ContextList,
): void => {
  overPanels(f, (panel) => {
    listColumns(f, list, panel, memory.context, plan.context);
    overColumns(f, list, panel, (item) => {
      const from = f.let(i32.add(columnOffset(item), panel));
      for (const [clip, end] of memory.inputEnds) {
        for (let v = 0; v < PANEL_VECTORS; v++) {
          const value = f.let(v128.load(from, memory.context + v * VECTOR_BYTES));
          f.store(from, squash(f, math, clip, value), end + v * VECTOR_BYTES);
        }
      }
    });
  });
};

/** Emits a body for every panel of a tile, given by its byte offset within a quantity. */
const overPanels = (f: FunctionBuilder, body: (panel: I32) => void): void => {
  const panel = f.let(i32.constant(0));
  f.doWhile(
    () => {
      body(panel);
      f.advance(panel, PANEL_BYTES);
    },
    () => i32.ltU(panel, i32.constant(TILE_PANELS * PANEL_BYTES)),
  );
};

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
