import { at, Numeral } from '@flowline/events';

import type { Cell } from './data-table.ts';

/** Characters of text that take the memory of a cell. */
const CHARACTERS = 8;
/** Numbers whose text a column keeps, such as 007 and 1.0: as many as there are levels. */
const MOST_SPELLINGS = 64;

/** Cells of a column of a table that grows, and the memory that they take. */
export class KeptCells {
  readonly #spellings = new Map<string, Numeral>();
  #cells: Cell[] = [];
  #weight = 0;

  get cells(): readonly Cell[] {
    return this.#cells;
  }

  /** Memory of the cells, in cells of numbers. */
  get weight(): number {
    return this.#weight;
  }

  /** Sets the cell of a row, which is new or the last. */
  put(row: number, cell: Cell): void {
    if (row < this.#cells.length) this.#weight -= weightOf(at(this.#cells, row));
    const kept = cell instanceof Numeral ? this.#spelt(cell) : cell;
    this.#cells[row] = kept;
    this.#weight += weightOf(kept);
  }

  /** Makes it as long as the table: rows without a value lack it. */
  fill(size: number): void {
    for (; this.#cells.length < size; this.#weight++) this.#cells.push(null);
  }

  /** Keeps some rows, ascending. */
  keep(rows: Int32Array): void {
    this.#cells = Array.from(rows, (row) => at(this.#cells, row));
    this.#weight = this.#cells.reduce<number>((sum, cell) => sum + weightOf(cell), 0);
  }

  /**
   * A number with its text, where that can matter: the text of a level, of which there are few, or
   * of a number beyond float64. The many others, such as prices, take five times the memory of a
   * number.
   */
  #spelt(numeral: Numeral): number | Numeral {
    const known = this.#spellings.get(numeral.text);
    if (known !== undefined) return known;
    const value = numeral.valueOf();
    if (this.#spellings.size < MOST_SPELLINGS) this.#spellings.set(numeral.text, numeral);
    else if (Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))) return value;
    return numeral;
  }
}

function weightOf(cell: Cell): number {
  if (typeof cell === 'string') return 1 + Math.floor(cell.length / CHARACTERS);
  if (Array.isArray(cell)) return 4 + 4 * cell.length;
  return cell instanceof Numeral && cell.text.length > CHARACTERS ? 4 : 1;
}
