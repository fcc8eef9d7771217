import { at, FlowlineError, missing } from '@flowline/events';

import type { FeatureTable } from './feature-table.ts';
import { MISSING } from './level-column.ts';

/** Rows of a {@link ColumnTable}, column by column. */
interface Chunk {
  /** [numericWidth × chunkRows] */
  readonly numbers: Float64Array;
  /** [levelWidth × chunkRows] indices of level names; −1 is a missing level. */
  readonly levels: Int32Array;
}

/** Columns shared by a table and its slices. */
export interface Columns {
  readonly numericWidth: number;
  readonly levelWidth: number;
  readonly chunkRows: number;
  readonly chunks: Chunk[];
  /** Names of the levels per level column, in order of first use. */
  readonly names: string[][];
}

/**
 * Many rows of feature values, such as a history: the values of a {@link FeatureTable}, stored by
 * column in chunks of typed arrays. A level is an index into the names of its column. Immutable.
 */
export class ColumnTable {
  readonly size: number;
  readonly numericWidth: number;
  readonly levelWidth: number;
  private readonly columns: Columns;
  private readonly start: number;

  constructor(columns: Columns, start: number, size: number) {
    this.columns = columns;
    this.start = start;
    this.size = size;
    this.numericWidth = columns.numericWidth;
    this.levelWidth = columns.levelWidth;
  }

  /** Values of a numeric column in row order, chunk by chunk; NaN is missing. Not copied. */
  *numbers(column: number): Generator<Float64Array, void> {
    for (const [chunk, from, to] of this.pieces()) {
      const start = column * this.columns.chunkRows;
      yield chunk.numbers.subarray(start + from, start + to);
    }
  }

  /** Level indices of a column in row order, chunk by chunk; −1 is missing. Not copied. */
  *levels(column: number): Generator<Int32Array, void> {
    for (const [chunk, from, to] of this.pieces()) {
      const start = column * this.columns.chunkRows;
      yield chunk.levels.subarray(start + from, start + to);
    }
  }

  /** Level names of a column, by index. Some may not occur in this table. */
  names(column: number): readonly string[] {
    return at(this.columns.names, column);
  }

  /** Rows start ≤ row < end, as a view. */
  slice(start: number, end: number): ColumnTable {
    const from = Math.max(0, Math.min(start, this.size));
    const to = Math.max(from, Math.min(end, this.size));
    return new ColumnTable(this.columns, this.start + from, to - from);
  }

  /** Copies rows start ≤ row < end to a table of rows. */
  rows(start: number, end: number): FeatureTable {
    const { numericWidth, levelWidth } = this;
    const part = this.slice(start, end);
    const { size } = part;
    const numeric = new Float64Array(size * numericWidth);
    for (let column = 0; column < numericWidth; column++) {
      let cell = column;
      for (const values of part.numbers(column)) cell = spread(values, numeric, cell, numericWidth);
    }
    const levels: (string | null)[] = new Array<string | null>(size * levelWidth).fill(null);
    for (let column = 0; column < levelWidth; column++) {
      let cell = column;
      const names = this.names(column);
      for (const indices of part.levels(column)) cell = spreadNames(indices, names, levels, cell, levelWidth);
    }
    return { size, numeric, numericWidth, levels, levelWidth };
  }

  /**
   * Copies the rows with the given indices, in the given order, to a table of rows.
   * @throws FlowlineError FLOWLINE_FEATURES_INVALID for a row that the table does not have.
   */
  select(rows: Int32Array): FeatureTable {
    const { numericWidth, levelWidth, columns } = this;
    const { chunkRows, chunks, names } = columns;
    const numeric = new Float64Array(rows.length * numericWidth);
    const levels: (string | null)[] = new Array<string | null>(rows.length * levelWidth);
    for (let i = 0; i < rows.length; i++) {
      const row = at(rows, i);
      if (row < 0 || row >= this.size) throw noRow(this.size, row);
      const chunk = at(chunks, Math.floor((this.start + row) / chunkRows));
      const place = (this.start + row) % chunkRows;
      for (let j = 0; j < numericWidth; j++) numeric[i * numericWidth + j] = at(chunk.numbers, j * chunkRows + place);
      for (let j = 0; j < levelWidth; j++) {
        const level = at(chunk.levels, j * chunkRows + place);
        levels[i * levelWidth + j] = level === MISSING ? null : at(at(names, j), level);
      }
    }
    return { size: rows.length, numeric, numericWidth, levels, levelWidth };
  }

  private *pieces(): Generator<readonly [chunk: Chunk, from: number, to: number], void> {
    const { chunkRows, chunks } = this.columns;
    const end = this.start + this.size;
    for (let row = this.start; row < end;) {
      const from = row % chunkRows;
      const to = Math.min(chunkRows, from + end - row);
      yield [at(chunks, Math.floor(row / chunkRows)), from, to];
      row += to - from;
    }
  }
}

/** Copies values to every `width`-th cell from one on. Returns the cell after them. */
function spread(values: Float64Array, into: Float64Array, first: number, width: number): number {
  let cell = first;
  for (let i = 0; i < values.length; i++, cell += width) into[cell] = values[i] ?? missing(values, i);
  return cell;
}

/** Copies the names of levels, as {@link spread} does; a missing one has none. */
function spreadNames(
  indices: Int32Array,
  names: readonly string[],
  into: (string | null)[],
  first: number,
  width: number,
): number {
  let cell = first;
  for (let i = 0; i < indices.length; i++, cell += width) {
    const index = indices[i] ?? missing(indices, i);
    if (index !== MISSING) into[cell] = names[index] ?? missing(names, index);
  }
  return cell;
}

const noRow = (size: number, row: number): FlowlineError =>
  new FlowlineError('FLOWLINE_FEATURES_INVALID', `A table of ${size} rows has no row ${row}.`);
