import { Numeral, parseIsoTime } from '@flowline/events';

import { cellBoolean, isMissingNumber, isNotFinite } from './cell-text.ts';
import type { Cell, ColumnKind, DataTable, TableColumn } from './data-table.ts';

/**
 * Collects rows to a table, and finds the kind of each column by its values. Beyond `mostRows`, it
 * keeps every second row, then every fourth: the rest stays spread over the whole source.
 */
export class TableBuilder {
  readonly #mostRows: number;
  readonly #columns = new Map<string, Cell[]>();
  #size = 0;
  #rowsRead = 0;
  #stride = 1;

  constructor(mostRows: number) {
    this.#mostRows = mostRows;
  }

  /** Adds a row of named cells. A column that is new was missing in all rows before. */
  add(cells: Iterable<readonly [string, Cell]>): void {
    if (this.#rowsRead++ % this.#stride !== 0) return;
    for (const [name, cell] of cells) {
      const column = this.#columns.get(name) ?? this.#added(name);
      column[this.#size] = cell;
    }
    this.#size++;
    for (const column of this.#columns.values()) if (column.length < this.#size) column.push(null);
    if (this.#size > this.#mostRows) this.#thin();
  }

  /**
   * The rows added so far as a table.
   * @param fromText true if every cell is text, or a number that text could be, as in CSV.
   */
  table(where: string, { fromText }: { readonly fromText: boolean }): DataTable {
    const columns = [...this.#columns].map(([name, cells]) => columnOf(name, cells, fromText));
    return { where, size: this.#size, rowsRead: this.#rowsRead, columns };
  }

  #added(name: string): Cell[] {
    const column = Array.from({ length: this.#size }, () => null);
    this.#columns.set(name, column);
    return column;
  }

  #thin(): void {
    for (const [name, column] of this.#columns)
      this.#columns.set(
        name,
        column.filter((_, row) => row % 2 === 0),
      );
    this.#size = Math.ceil(this.#size / 2);
    this.#stride *= 2;
  }
}

function columnOf(name: string, cells: readonly Cell[], fromText: boolean): TableColumn {
  if (!fromText) return { name, kind: kindOf(cells), cells };
  // A word for a missing number is one only among numbers.
  const numbers = cells.map(numberAmongNumbers);
  const kind = kindOf(numbers);
  if (kind === 'number') return { name, kind, cells: numbers };
  if (kind === 'empty') return { name, kind: cells.every((cell) => cell === null) ? kind : 'text', cells };
  const booleans = cells.map((cell) => (typeof cell === 'string' ? (cellBoolean(cell) ?? cell) : cell));
  if (kindOf(booleans) === 'boolean') return { name, kind: 'boolean', cells: booleans };
  const texts = cells.map((cell) => (typeof cell === 'number' || cell instanceof Numeral ? textOf(cell) : cell));
  return { name, kind: kindOf(texts), cells: texts };
}

function numberAmongNumbers(cell: Cell): Cell {
  if (typeof cell !== 'string') return cell;
  return isMissingNumber(cell) ? null : isNotFinite(cell) ? NaN : cell;
}

const textOf = (cell: number | Numeral): string => (cell instanceof Numeral ? cell.text : String(cell));

/** Kind of a column: that of each of its values, if they agree. */
function kindOf(cells: readonly Cell[]): ColumnKind {
  let kind: ColumnKind = 'empty';
  for (const cell of cells) {
    if (cell === null) continue;
    const own = kindOfCell(cell);
    if (kind === 'empty') kind = own;
    else if (kind !== own && isText(kind) && isText(own)) kind = 'text';
    else if (kind !== own) return 'other';
  }
  return kind;
}

const isText = (kind: ColumnKind): boolean => kind === 'text' || kind === 'time';

function kindOfCell(cell: Exclude<Cell, null>): ColumnKind {
  if (typeof cell === 'number' || cell instanceof Numeral) return 'number';
  if (typeof cell === 'boolean') return 'boolean';
  if (typeof cell !== 'string') return 'other';
  return Number.isNaN(parseIsoTime(cell)) ? 'text' : 'time';
}
