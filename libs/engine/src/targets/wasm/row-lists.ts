import type { Emission } from './emission.ts';
import { i32, v128 } from './assembly/expression.ts';
import type { I32, Local } from './assembly/expression.ts';
import type { FunctionBuilder, FunctionReference } from './assembly/function-builder.ts';
import { blockWidths, placeDenseSingle } from './dense-single.ts';
import { STRIDE, TILE_ROWS, VECTOR_BYTES } from './layout.ts';
import { padded } from './single-memory.ts';
import type { DenseLayer, Plan } from '../../plan/plan.ts';

/*
 * A row has one column per level feature that is not zero, but the rows of a panel together have
 * many. A tile therefore lists the columns of each row, and first layers begin with the sums over
 * these: row by row, with outputs as lanes, which are then turned into quantities of the tile. A
 * first layer of such a plan adds the context before its other inputs, in tiles and single rows
 * alike, so that both give the same bits.
 */

/** Lists of the context columns that are not zero, one per row of a tile, in the order of rows. */
export interface RowLists {
  /** Address of the first item: four times a column each. */
  readonly items: number;
  /** Address of the start of the first row's list, which the ends of all rows follow. */
  readonly bounds: number;
}

/** Number of level columns from which a list per row pays off. */
const LIST_MINIMUM = 64;
const WORD_BYTES = 4;

/**
 * True if a plan's rows list their own columns: there are many, and few of them are 1 in most rows,
 * as columns are that say that a value is present.
 */
export const listsRows = ({ context, presence }: Plan): boolean => {
  const always = presence.filter((column) => column !== null).length;
  return context - always >= Math.max(LIST_MINIMUM, always);
};

/** Allocates the lists of the rows of a tile; null if the plan's rows have none. */
export const allocateRowLists = ({ layout, plan }: Emission): RowLists | null => {
  if (!listsRows(plan)) return null;
  const items = layout.allocate(TILE_ROWS * plan.context * WORD_BYTES);
  return { items, bounds: layout.allocate((TILE_ROWS + 1) * WORD_BYTES) };
};

/** Writer of the lists of a tile, while its rows are read. */
export interface RowListWriter {
  /** Emits code that lists a column, given by four times its number. */
  add(item: I32): void;
  /** Emits the end of a row's list. `lane` is four times the row. */
  endRow(lane: I32): void;
  /** Emits empty lists for the rows from `lane` to the end of the tile. */
  endTile(lane: Local<'i32'>): void;
}

/** Starts the lists of a tile. */
export const writeRowLists = (f: FunctionBuilder, { items, bounds }: RowLists): RowListWriter => {
  const end = f.let(i32.constant(items));
  f.storeInt(i32.constant(bounds), end);
  const endRow = (lane: I32): void => f.storeInt(lane, end, bounds + WORD_BYTES);
  return {
    add: (item) => {
      f.storeInt(end, item);
      f.advance(end, WORD_BYTES);
    },
    endRow,
    endTile: (lane) =>
      f.while(
        () => i32.ltU(lane, i32.constant(TILE_ROWS * WORD_BYTES)),
        () => {
          endRow(lane);
          f.advance(lane, WORD_BYTES);
        },
      ),
  };
};

/**
 * Prepares the sums of a first layer's bias and the context, its last inputs: a call from the
 * squashed context of a tile to one quantity per output.
 */
export const prepareContextSums = (
  emission: Emission,
  { inputs, outputs, weights, bias }: Pick<DenseLayer, 'inputs' | 'outputs' | 'weights' | 'bias'>,
  lists: RowLists,
): ((f: FunctionBuilder, context: I32, to: I32, panelBytes: I32) => void) => {
  const columns = emission.plan.context;
  const own = weights.subarray((inputs - columns) * outputs);
  const lanes = Array.from({ length: padded(outputs) }, (_, lane) => (lane < outputs ? lane : -1));
  const address = placeDenseSingle(emission, { inputs: columns, outputs, weights: own, bias }, lanes);
  const kernel = defineContextSums(emission, lists, columns, outputs);
  return (f, context, to, panelBytes) => f.call(kernel, i32.constant(address), context, to, panelBytes);
};

/** Kernel of the sums. Parameters: weights, squashed context, to, bytes of the panels. */
const defineContextSums = (
  { module, math }: Emission,
  lists: RowLists,
  columns: number,
  outputs: number,
): FunctionReference =>
  module.define(`contextSums ${columns} ${outputs}`, 4, (f) => {
    const [weights, context, to, panelBytes] = [f.parameter(0), f.parameter(1), f.parameter(2), f.parameter(3)];
    const [lane, start, end] = [f.let(i32.constant(0)), f.local('i32'), f.local('i32')];
    const [item, value, row] = [f.local('i32'), f.let(context), f.let(to)];
    const writeBlock = (first: number, width: number, offset: number): void => {
      const rowBytes = width * VECTOR_BYTES;
      const sums = Array.from({ length: width }, (_, v) => f.let(v128.load(weights, offset + v * VECTOR_BYTES)));
      f.set(item, start);
      f.while(
        () => i32.ltU(item, end),
        () => {
          const column = f.let(i32.load(item));
          const distance = i32.mul(column, i32.constant(STRIDE / WORD_BYTES));
          const factor = f.let(v128.loadSplat(i32.add(value, distance)));
          const at = f.let(i32.add(weights, i32.mul(column, i32.constant(rowBytes / WORD_BYTES))));
          sums.forEach((sum, v) => {
            f.set(sum, math.multiplyAdd(v128.load(at, offset + rowBytes + v * VECTOR_BYTES), factor, sum));
          });
          f.advance(item, WORD_BYTES);
        },
      );
      sums.forEach((sum, v) => {
        for (let k = 0; k < 4; k++) {
          const output = first + 4 * v + k;
          if (output < outputs) f.storeLane(row, sum, k, output * STRIDE);
        }
      });
    };
    f.doWhile(
      () => {
        f.set(start, i32.load(lane, lists.bounds));
        f.set(end, i32.load(lane, lists.bounds + WORD_BYTES));
        let [first, offset] = [0, 0];
        for (const width of blockWidths(padded(outputs) / 4)) {
          writeBlock(first, width, offset);
          first += 4 * width;
          offset += (columns + 1) * width * VECTOR_BYTES;
        }
        for (const pointer of [lane, value, row]) f.advance(pointer, WORD_BYTES);
      },
      () => i32.ltU(lane, panelBytes),
    );
  });
