import { at, missing, type Steps } from '@flowline/events';

import { ColumnTable, type Columns } from './column-table.ts';
import type { FeatureTable } from './feature-table.ts';
import { MISSING } from './level-column.ts';

/** Numbers of all columns of a chunk, which bounds its size: 8 MB. */
const CHUNK_NUMBERS = 2 ** 20;
const [LEAST_CHUNK_ROWS, MOST_CHUNK_ROWS] = [1_024, 65_536];

/** Collects rows to a {@link ColumnTable}. */
export class ColumnTableBuilder {
  #size = 0;
  readonly #columns: Columns;
  readonly #indices: readonly Map<string, number>[];

  constructor(numericWidth: number, levelWidth: number) {
    const rows = 2 ** Math.floor(Math.log2(CHUNK_NUMBERS / Math.max(1, numericWidth + levelWidth / 2)));
    const chunkRows = Math.max(LEAST_CHUNK_ROWS, Math.min(MOST_CHUNK_ROWS, rows));
    const names = Array.from({ length: levelWidth }, () => []);
    this.#columns = { numericWidth, levelWidth, chunkRows, chunks: [], names };
    this.#indices = names.map(() => new Map());
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Appends the given rows of columns.
   * @param numbers values of each numeric column; NaN is missing.
   * @param levels names of each level column; null is missing.
   */
  append(
    size: number,
    numbers: readonly Float64Array[],
    levels: readonly (readonly (string | null)[])[],
    first = 0,
  ): void {
    const { chunkRows } = this.#columns;
    for (let row = first; row < size;) {
      const place = this.#size % chunkRows;
      if (place === 0) this.#addChunk();
      const count = Math.min(chunkRows - place, size - row);
      const chunk = at(this.#columns.chunks, this.#columns.chunks.length - 1);
      for (const [j, values] of numbers.entries())
        chunk.numbers.set(values.subarray(row, row + count), j * chunkRows + place);
      for (const [j, names] of levels.entries())
        this.#putLevels(chunk.levels, j * chunkRows + place, j, names, row, count);
      this.#size += count;
      row += count;
    }
  }

  /** Appends the given rows of a table, by default all of them. */
  appendRows(
    { size, numeric, numericWidth, levels, levelWidth }: FeatureTable,
    rows: readonly number[] = Array.from({ length: size }, (_, row) => row),
  ): void {
    const numbers = Array.from({ length: numericWidth }, (_, j) =>
      Float64Array.from(rows, (row) => at(numeric, row * numericWidth + j)),
    );
    const names = Array.from({ length: levelWidth }, (_, j) => rows.map((row) => at(levels, row * levelWidth + j)));
    this.append(rows.length, numbers, names);
  }

  /**
   * Puts the rows in another order, in steps: row i becomes the row that was `order[i]`.
   * @param order each row once.
   */
  *reorder(order: Int32Array): Steps<void> {
    const { numericWidth, levelWidth, chunkRows, chunks } = this.#columns;
    const numbers = new Float64Array(numericWidth === 0 ? 0 : this.#size);
    for (let column = 0; column < numericWidth; column++) {
      const parts = chunks.map((chunk) => chunk.numbers.subarray(column * chunkRows, (column + 1) * chunkRows));
      yield* reorderColumn(parts, numbers, order, chunkRows);
    }
    const levels = new Int32Array(levelWidth === 0 ? 0 : this.#size);
    for (let column = 0; column < levelWidth; column++) {
      const parts = chunks.map((chunk) => chunk.levels.subarray(column * chunkRows, (column + 1) * chunkRows));
      yield* reorderColumn(parts, levels, order, chunkRows);
    }
  }

  /** The rows appended so far. The builder must not be used afterwards. */
  table(): ColumnTable {
    return new ColumnTable(this.#columns, 0, this.#size);
  }

  #addChunk(): void {
    const { numericWidth, levelWidth, chunkRows, chunks } = this.#columns;
    chunks.push({
      numbers: new Float64Array(numericWidth * chunkRows),
      levels: new Int32Array(levelWidth * chunkRows),
    });
  }

  #putLevels(
    into: Int32Array,
    start: number,
    column: number,
    levels: readonly (string | null)[],
    row: number,
    count: number,
  ): void {
    const indices = at(this.#indices, column);
    const names = at(this.#columns.names, column);
    for (let i = 0; i < count; i++) {
      const level = at(levels, row + i);
      let index = level === null ? MISSING : indices.get(level);
      if (index === undefined && level !== null) {
        index = names.push(level) - 1;
        indices.set(level, index);
      }
      into[start + i] = index ?? MISSING;
    }
  }
}

/** Reorders one column, whose values are copied to `before` first. */
function* reorderColumn<Values extends Float64Array | Int32Array>(
  parts: readonly Values[],
  before: Values,
  order: Int32Array,
  chunkRows: number,
): Steps<void> {
  for (const [i, part] of parts.entries()) {
    const start = i * chunkRows;
    before.set(part.subarray(0, Math.min(chunkRows, before.length - start)), start);
    yield;
  }
  for (const [i, part] of parts.entries()) {
    const start = i * chunkRows;
    gather(before, order.subarray(start, start + chunkRows), part);
    yield;
  }
}

function gather(from: Float64Array | Int32Array, rows: Int32Array, into: Float64Array | Int32Array): void {
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] ?? missing(rows, i);
    into[i] = from[row] ?? missing(from, row);
  }
}

/** A table by columns, of rows or columns. */
export function columnsOf(table: FeatureTable | ColumnTable): ColumnTable {
  if (table instanceof ColumnTable) return table;
  const builder = new ColumnTableBuilder(table.numericWidth, table.levelWidth);
  builder.appendRows(table);
  return builder.table();
}
