import { types } from 'node:util';

import { at } from './at.ts';
import { FlowError } from './flow-error.ts';
import { checkValue, shown } from './options/check-options.ts';
import { object, whole } from './options/rules.ts';
import { assertRows } from './validation.ts';

/** Rows in memory, row-major; {@link toRows} makes them from arrays. */
export interface Rows {
  /** [size × features]. */
  readonly x: Float32Array;
  /** [size × context], for a flow that has a context. */
  readonly context?: Float32Array;
  readonly size: number;
}

/**
 * Rows as arrays: one array per row, all of the same length; number[][] or arrays of typed arrays.
 */
export type NumberRows = readonly ArrayLike<number>[];

/** Widths of a flow's rows. */
export interface RowShape {
  readonly features: number;
  readonly context: number;
}

/**
 * Converts arrays to rows: x [n × features] and, for a flow with a context, context [n × c]. Throws
 * FLOWLINE_FEATURES_INVALID if there are no rows, rows differ in length, or a value is not a finite
 * float32; the error names row and column.
 *
 * ```ts
 * const rows = toRows([[1, 1], [2, 4.1], [-1, 0.9]]);
 * const logP = await logProbRows(flow, rows);
 * ```
 */
export function toRows(x: NumberRows, context?: NumberRows): Rows {
  const values = flattened(x, 'x');
  if (context === undefined) return { x: values, size: x.length };
  const given = flattened(context, 'context');
  assertPaired(x.length, context.length, 'context');
  return { x: values, context: given, size: x.length };
}

/**
 * Rows or arrays as rows that fit the flow. Throws FLOWLINE_FEATURES_INVALID, or FLOWLINE_USAGE for
 * a value that is not rows.
 */
export function rowsFor(shape: RowShape, rows: Rows | NumberRows, where: string): Rows {
  if (isNumberRows(rows)) {
    const read = { x: flattened(rows, where, shape.features), size: rows.length };
    assertContext(shape, read, where);
    return read;
  }
  assertRowsOf(shape, rows, where);
  return rows;
}

/**
 * Throws FLOWLINE_FEATURES_INVALID unless rows are as wide as the flow and finite, FLOWLINE_USAGE
 * for a value that is not rows.
 */
export function assertRowsOf(shape: RowShape, rows: Rows, where: string): void {
  checkValue(where, rows, { ...object, expected: 'rows: number[][], or { x, size } as toRows makes it' });
  checkValue(`${where}.size`, rows.size, whole(0));
  assertFloats(rows.x, `${where}.x`);
  assertRows(rows.x, rows.size, shape.features, `${where}.x`);
  assertContext(shape, rows, where);
}

/** Array rows as flat values, row-major [n × width]. `columns` is the expected width, if any. */
export function flattened(rows: NumberRows, where: string, columns?: number): Float32Array {
  if (!isNumberRows(rows)) throw invalid(where, `found ${shown(rows)}, expected rows as number[][]`);
  const [first] = rows;
  if (first === undefined && rows.length === 0) throw invalid(where, 'found no rows, expected at least one');
  const width = columns ?? lengthOf(first, where, 0);
  if (width === 0) throw invalid(where, 'found a row without values, expected at least one');
  const values = new Float32Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    const length = lengthOf(row, where, i);
    if (length !== width) throw invalid(where, `found ${length} values in row ${i}, expected ${width}`, RAGGED);
    for (let j = 0; j < width; j++) values[i * width + j] = finiteFloat(row?.[j], where, i, j);
  }
  return values;
}

/** Row-major values as one array per row. */
export function toArrays(values: ArrayLike<number>, columns: number): number[][] {
  return Array.from({ length: values.length / columns }, (_, i) =>
    Array.from({ length: columns }, (_, j) => at(values, i * columns + j)),
  );
}

/** Throws FLOWLINE_FEATURES_INVALID unless both have the same number of rows. */
export function assertPaired(rows: number, contextRows: number, where: string): void {
  if (contextRows !== rows) throw invalid(where, `found ${contextRows} rows of context, expected ${rows}`);
}

/** True if rows are arrays rather than flat. */
export function isNumberRows(rows: unknown): rows is NumberRows {
  return Array.isArray(rows);
}

const RAGGED = 'Give every row as many values.';
const UNUSABLE = 'Drop or repair such rows before they reach the flow; declare missing values by a presence column.';
const NO_CONTEXT = 'Pair rows and context with toRows(x, context).';

function lengthOf(row: unknown, where: string, at: number): number {
  if (Array.isArray(row)) return row.length;
  if (types.isTypedArray(row)) return row.length;
  throw invalid(where, `found ${shown(row)} as row ${at}, expected an array of numbers`);
}

function finiteFloat(value: unknown, where: string, row: number, column: number): number {
  if (typeof value === 'number' && Number.isFinite(Math.fround(value))) return value;
  const isLarge = typeof value === 'number' && Number.isFinite(value);
  const found = `found ${shown(value)} in row ${row}, column ${column}`;
  throw invalid(where, `${found}; expected ${isLarge ? 'a number that float32 holds' : 'finite numbers'}`, UNUSABLE);
}

function assertContext(shape: RowShape, { context, size }: Rows, where: string): void {
  if (context === undefined && shape.context === 0) return;
  if (context === undefined) {
    throw invalid(`${where}.context`, `found no context, 0 values, expected ${size} × ${shape.context}`, NO_CONTEXT);
  }
  assertFloats(context, `${where}.context`);
  assertRows(context, size, shape.context, `${where}.context`);
}

function assertFloats(values: unknown, where: string): void {
  if (types.isFloat32Array(values)) return;
  throw invalid(
    where,
    `found ${shown(values)}, expected a Float32Array`,
    'Make rows of arrays with toRows(number[][]).',
  );
}

function invalid(where: string, problem: string, remedy?: string): FlowError {
  return new FlowError('FLOWLINE_FEATURES_INVALID', problem, {
    where,
    ...(remedy === undefined ? {} : { remedy }),
  });
}
