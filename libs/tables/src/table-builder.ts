import { FlowlineError, Numeral, parseIsoTime } from '@flowline/events';

import { cellBoolean, isMissingNumber, notFinite } from './cell-text.ts';
import type { Cell, ColumnKind, DataTable, TableColumn } from './data-table.ts';
import { KeptCells } from './kept-cells.ts';
import { RowSampler } from './row-sampler.ts';

/** Bounds of a table, which is held in memory. */
interface Bounds {
  readonly mostRows: number;
  /** Cells, of which long text is several. */
  readonly mostCells: number;
}

/** Most columns: more are no table, but keys that are data. */
const MOST_COLUMNS = 4_096;

/**
 * Collects rows to a table, and finds the kind of each column by its values. Beyond its bounds, it
 * keeps one row of every two, then of every four: the rest stays spread over the whole source.
 */
export class TableBuilder {
  readonly #where: string;
  readonly #bounds: Bounds;
  readonly #columns = new Map<string, KeptCells>();
  readonly #sampler = new RowSampler();
  #size = 0;
  #rowsRead = 0;

  constructor(where: string, bounds: Bounds) {
    this.#where = where;
    this.#bounds = bounds;
  }

  /**
   * Adds a row of named cells, which are read only if it is kept. A column that is new was missing
   * in all rows before.
   * @throws FlowlineError FLOWLINE_FILE_UNREADABLE for more than 4,096 columns.
   */
  add(read: () => Iterable<readonly [string, Cell]>): void {
    this.#rowsRead++;
    if (!this.#sampler.takes()) return;
    for (const [name, cell] of read()) (this.#columns.get(name) ?? this.#added(name)).put(this.#size, cell);
    this.#size++;
    for (const column of this.#columns.values()) column.fill(this.#size);
    while (this.#size > 1 && this.#isTooLarge()) this.#thin();
  }

  /**
   * The rows added so far as a table.
   * @param fromText true if every cell is text, or a number that text could be, as in CSV.
   */
  table({ fromText }: { readonly fromText: boolean }): DataTable {
    const columns = [...this.#columns].map(([name, { cells }]) => columnOf(name, cells, fromText));
    return { where: this.#where, size: this.#size, rowsRead: this.#rowsRead, columns };
  }

  #added(name: string): KeptCells {
    if (this.#columns.size >= MOST_COLUMNS) {
      const finding = `${this.#where} has more than ${MOST_COLUMNS.toLocaleString('en')} columns.`;
      throw new FlowlineError('FLOWLINE_FILE_UNREADABLE', finding, {
        where: this.#where,
        remedy: 'Write a column per feature; keys that are data belong into a column of their own.',
      });
    }
    const column = new KeptCells();
    column.fill(this.#size);
    this.#columns.set(name, column);
    return column;
  }

  #isTooLarge(): boolean {
    if (this.#size > this.#bounds.mostRows) return true;
    let cells = 0;
    for (const column of this.#columns.values()) cells += column.weight;
    return cells > this.#bounds.mostCells;
  }

  #thin(): void {
    const rows = this.#sampler.halved(this.#size);
    for (const column of this.#columns.values()) column.keep(rows);
    this.#size = rows.length;
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
  return isMissingNumber(cell) ? null : (notFinite(cell) ?? cell);
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
