import { at } from '@flowline/events';

import { cellNumber, isMissingNumber } from '../cell-text.ts';
import { levelOf, numbersOf, type TableColumn } from '../data-table.ts';

/** Figures of a column, from which its use is decided. */
export interface ColumnFigures {
  readonly name: string;
  readonly kind: TableColumn['kind'];
  readonly rows: number;
  readonly missing: number;
  /** Distinct values. */
  readonly distinct: number;
  /** Figures of numbers and times; null for other kinds, and without a value. */
  readonly numbers: NumberFigures | null;
  /** Numbers among the values of a column of text, and the first value that is none. */
  readonly amongNumbers: { readonly count: number; readonly text: string } | null;
}

/** Figures of the finite numbers of a column. */
export interface NumberFigures {
  readonly least: number;
  readonly median: number;
  readonly p99: number;
  readonly greatest: number;
  readonly areWhole: boolean;
  /** True if each is greater than the one before. */
  readonly isAscending: boolean;
}

/** Measures a column. */
export function columnFigures(column: TableColumn): ColumnFigures {
  const { name, kind, cells } = column;
  const missing = cells.reduce<number>((sum, cell) => sum + (cell === null ? 1 : 0), 0);
  // Lists and values of several kinds are left out, whichever they are.
  const distinct = kind === 'other' ? 0 : distinctOf(cells);
  const isNumeric = kind === 'number' || kind === 'time';
  return {
    ...{ name, kind, rows: cells.length, missing, distinct, numbers: isNumeric ? figuresOf(column) : null },
    amongNumbers: kind === 'text' ? textAmongNumbers(cells) : null,
  };
}

/** Number of distinct values, where numbers are written alike. */
function distinctOf(cells: TableColumn['cells']): number {
  const found = new Set<number | string>();
  for (const cell of cells) if (cell !== null) found.add(typeof cell === 'number' ? cell : (levelOf(cell) ?? ''));
  return found.size;
}

/** The first text among numbers; null if there are no numbers, or no other text. */
function textAmongNumbers(cells: TableColumn['cells']): ColumnFigures['amongNumbers'] {
  const texts = cells.filter((cell) => typeof cell === 'string');
  const others = texts.filter((text) => cellNumber(text) === undefined && !isMissingNumber(text));
  const count = texts.length - others.length;
  const text = others.at(0);
  return count === 0 || text === undefined ? null : { count, text };
}

function figuresOf(column: TableColumn): NumberFigures | null {
  const values = numbersOf(column).filter(Number.isFinite);
  if (values.length === 0) return null;
  const sorted = values.toSorted();
  const quantile = (share: number): number => at(sorted, Math.floor(share * (sorted.length - 1)));
  return {
    least: at(sorted, 0),
    median: quantile(0.5),
    p99: quantile(0.99),
    greatest: at(sorted, sorted.length - 1),
    areWhole: values.every(Number.isInteger),
    isAscending: values.every((value, i) => i === 0 || value > at(values, i - 1)),
  };
}
