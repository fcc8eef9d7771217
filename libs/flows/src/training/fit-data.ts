import { FlowError } from '../flow-error.ts';
import { checkOptions } from '../options/check-options.ts';
import type { Rule } from '../options/rules.ts';
import { required } from '../options/rules.ts';
import { Random } from '../random.ts';
import type { NumberRows, Rows, RowShape } from '../rows.ts';
import { rowsFor } from '../rows.ts';

/**
 * Rows that need not fit in memory: opens one pass over them, an epoch, in chunks of any size. It
 * is called anew for each epoch, with the epoch's number, counted from 0. Each chunk is read before
 * the next is requested, so its arrays may be reused. Resuming requires that an epoch yields the
 * same rows in the same order every time it is opened; chunk boundaries may differ.
 */
export type RowStream = (epoch: number) => AsyncIterable<Rows | NumberRows>;

/**
 * Rows that are made when they are drawn: training draws as from rows in memory, and asks for each
 * batch by the indices of its rows. It takes them as finite.
 */
export interface RowLookup {
  readonly size: number;
  /** Rows with the given indices, in their order. */
  readonly rowsAt: (indices: Int32Array) => Rows;
}

/**
 * Data to train a flow on: training rows, in memory, looked up or streamed, and validation rows.
 * Arrays stand for rows without a context.
 */
export interface FitData {
  readonly train: Rows | NumberRows | RowLookup | RowStream;
  /** Omitted when `validationSplit` takes them from the training rows. */
  readonly validation?: Rows | NumberRows;
}

/** Training data after preparation: checked, flat and split. */
export interface PreparedData {
  readonly train: Rows | RowLookup | RowStream;
  readonly validation: Rows;
}

/** Share of the rows that goes to validation, and the seed of the split. */
interface SplitOptions {
  readonly seed: number;
  readonly validationSplit?: number | undefined;
}

/**
 * Checks rows against the flow and splits them if requested. Throws FLOWLINE_USAGE or
 * FLOWLINE_FEATURES_INVALID.
 */
export function prepareFitData(shape: RowShape, data: FitData, options: SplitOptions): PreparedData {
  checkOptions('data', partsOf(data), { train: required(rowsOrStream), validation: rowsInMemory });
  const { validationSplit } = options;
  const validation = data.validation === undefined ? undefined : nonEmpty(shape, data.validation, 'validation');
  // Streams are checked chunk by chunk as they are read.
  const train = isMadeLater(data.train) ? data.train : nonEmpty(shape, data.train, 'train');
  if (validation !== undefined && validationSplit === undefined) return { train, validation };
  if (validation !== undefined) {
    throw usage(
      'data.validation',
      'found validation rows and a validationSplit, expected one of them',
      'Leave one out.',
    );
  }
  if (validationSplit === undefined) {
    const remedy = 'Give validation rows, or the option validationSplit, e.g. 0.1.';
    throw usage('data.validation', 'found no validation rows, which decide when training stops', remedy);
  }
  if (isMadeLater(train)) {
    const found = typeof train === 'function' ? 'a stream of training rows' : 'training rows that are looked up';
    const remedy = 'Give validation rows beside them.';
    throw usage('fit.validationSplit', `found ${found}, which cannot be split`, remedy);
  }
  return splitRows(train, shape, validationSplit, options.seed);
}

/** True for rows that are streamed or looked up. */
const isMadeLater = (rows: FitData['train']): rows is RowLookup | RowStream =>
  typeof rows === 'function' || isLookup(rows);

/** True for rows that are looked up. */
export const isLookup = (rows: FitData['train']): rows is RowLookup => typeof rows === 'object' && 'rowsAt' in rows;

/** The parts that training reads: a data set may hold more, such as test rows. */
function partsOf(data: FitData): FitData {
  const isObject = typeof (data as unknown) === 'object' && (data as unknown) !== null && !Array.isArray(data);
  if (!isObject) return data;
  return { train: data.train, ...(data.validation === undefined ? {} : { validation: data.validation }) };
}

/**
 * Splits off a random share of the rows, drawn by the seed, for validation. Both parts keep the
 * original order.
 */
function splitRows(rows: Rows, shape: RowShape, share: number, seed: number): PreparedData {
  if (rows.size < 2) throw usage('fit.validationSplit', `found ${rows.size} rows, expected at least two to split`);
  const held = Math.min(rows.size - 1, Math.max(1, Math.round(share * rows.size)));
  const order = new Random(seed).fork('validation split').permutation(rows.size);
  return {
    train: picked(rows, shape, order.subarray(held).toSorted()),
    validation: picked(rows, shape, order.subarray(0, held).toSorted()),
  };
}

function picked({ x, context }: Rows, { features, context: width }: RowShape, indices: Int32Array): Rows {
  const size = indices.length;
  if (context === undefined) return { x: columnsOf(x, features, indices), size };
  return { x: columnsOf(x, features, indices), context: columnsOf(context, width, indices), size };
}

function columnsOf(values: Float32Array, width: number, indices: Int32Array): Float32Array {
  const chosen = new Float32Array(indices.length * width);
  indices.forEach((from, to) => chosen.set(values.subarray(from * width, (from + 1) * width), to * width));
  return chosen;
}

const rowsInMemory: Rule = {
  expected: 'rows: number[][] or { x, size }',
  holds: (value) => typeof value === 'object' && value !== null,
};

const rowsOrStream: Rule = {
  expected: `${rowsInMemory.expected}, { size, rowsAt }, or a function that opens a stream of them`,
  holds: (value) => typeof value === 'function' || rowsInMemory.holds(value),
};

function nonEmpty(shape: RowShape, rows: Rows | NumberRows, where: string): Rows {
  const read = rowsFor(shape, rows, where);
  if (read.size === 0) throw usage(`${where}.size`, 'found 0, expected at least one row');
  return read;
}

function usage(where: string, problem: string, remedy?: string): FlowError {
  return new FlowError('FLOWLINE_USAGE', problem, { where, ...(remedy === undefined ? {} : { remedy }) });
}
