import type { Emission } from './emission.ts';
import { f32x4, i32, v128 } from './assembly/expression.ts';
import type { I32, V128 } from './assembly/expression.ts';
import type { FunctionBuilder } from './assembly/function-builder.ts';
import { PANEL_BYTES, PANEL_VECTORS, STRIDE, TILE_PANELS, VECTOR_BYTES } from './layout.ts';
import { allocateRowLists } from './row-lists.ts';
import type { RowLists } from './row-lists.ts';

/*
 * A row with levels of many values has a thousand context columns, of which a few are not zero. A
 * tile keeps a list of those that are not zero in any row of a panel, and first layers read only
 * their weights. Adding 0·w never changes a sum, so skipping it gives the same bits.
 */

/** Lists of a tile: per panel, the context columns with a value that is not zero. */
export interface ContextList {
  /** Address of the first panel's list: its end, then an item per column. */
  readonly address: number;
  /** Bytes from one panel's list to the next. */
  readonly bytes: number;
  /** The columns of each row; null if first layers read those of a panel. */
  readonly rows: RowLists | null;
}

/** Number of context columns from which a list pays off. */
const LIST_MINIMUM = 64;
const ITEM_BYTES = 4;
/** Header: the address at which the items end. */
const HEADER_BYTES = 4;

/** Allocates the lists of a tile; null for a plan with few context columns. */
export const allocateContextList = (emission: Emission): ContextList | null => {
  const { layout, plan } = emission;
  if (plan.context < LIST_MINIMUM) return null;
  const bytes = Math.ceil((HEADER_BYTES + plan.context * ITEM_BYTES) / PANEL_BYTES) * PANEL_BYTES;
  return { address: layout.allocate(TILE_PANELS * bytes), bytes, rows: allocateRowLists(emission) };
};

/** Emits the address of the list of a panel, given by its byte offset within a quantity. */
const listOf = ({ address, bytes }: ContextList, panel: I32): I32 =>
  i32.add(i32.mul(panel, i32.constant(bytes / PANEL_BYTES)), i32.constant(address));

/** Emits code that lists the context columns of a panel that are not zero. NaN is not zero. */
export const listColumns = (
  f: FunctionBuilder,
  list: ContextList,
  panel: I32,
  context: number,
  columns: number,
): void => {
  const start = f.let(listOf(list, panel));
  const end = f.let(i32.add(start, i32.constant(HEADER_BYTES)));
  const item = f.let(i32.constant(0));
  const column = f.let(i32.add(panel, i32.constant(context)));
  f.doWhile(
    () => {
      const found = Array.from({ length: PANEL_VECTORS }, (_, v): V128 =>
        f32x4.ne(v128.load(column, v * VECTOR_BYTES), f32x4.constant(0)),
      ).reduce((one, other) => v128.or(one, other));
      f.if(v128.bitmaskI32(found), () => {
        f.storeInt(end, item);
        f.advance(end, ITEM_BYTES);
      });
      f.advance(column, STRIDE);
      f.advance(item, ITEM_BYTES);
    },
    () => i32.ltU(item, i32.constant(columns * ITEM_BYTES)),
  );
  f.storeInt(start, end);
};

/** Emits a body for every listed column of a panel. `item` is four times the column. */
export const overColumns = (f: FunctionBuilder, list: ContextList, panel: I32, body: (item: I32) => void): void => {
  const at = f.let(listOf(list, panel));
  const end = f.let(i32.load(at));
  f.advance(at, HEADER_BYTES);
  f.while(
    () => i32.ltU(at, end),
    () => {
      body(f.let(i32.load(at)));
      f.advance(at, ITEM_BYTES);
    },
  );
};

/** Emits the byte offset of a listed column among quantities. */
export const columnOffset = (item: I32): I32 => i32.mul(item, i32.constant(STRIDE / ITEM_BYTES));

/** Emits the byte offset of a listed column's weights, `width` of them side by side. */
export const weightOffset = (item: I32, width: number): I32 => i32.mul(item, i32.constant((width * 4) / ITEM_BYTES));
