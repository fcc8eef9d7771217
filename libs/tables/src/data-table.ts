import { at, Numeral, parseIsoTime } from '@flowline/events';

import { recordMaker } from './nested-record.ts';

/** Value of a cell; null is missing. */
export type Cell = number | Numeral | boolean | string | null | readonly unknown[];

/** Kinds of columns, by all of their values. `other`: values of several kinds, or with parts. */
export type ColumnKind = 'number' | 'boolean' | 'time' | 'text' | 'other' | 'empty';

/** Column of a table, with its kind. The cells of a time are ISO 8601 text. */
export interface TableColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly cells: readonly Cell[];
}

/** Table of a file or query: columns of equal length. */
export interface DataTable {
  /** Its file or query, for messages. */
  readonly where: string;
  readonly size: number;
  /** Rows of the source, of which the table holds some if it is long: evenly spread. */
  readonly rowsRead: number;
  readonly columns: readonly TableColumn[];
}

/** Numbers of a column of numbers or times (in milliseconds since the epoch); NaN is missing. */
export function numbersOf({ kind, cells }: TableColumn): Float64Array {
  const numberOf = (cell: Cell): number => {
    if (kind === 'time') return typeof cell === 'string' ? parseIsoTime(cell) : NaN;
    return cell === null ? NaN : Number(cell);
  };
  return Float64Array.from(cells, numberOf);
}

/** Text of a level, as events have it; null is missing. */
export function levelOf(cell: Cell): string | null {
  if (cell === null) return null;
  if (cell instanceof Numeral) return cell.text;
  return typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
}

/** Records of rows of a table, as events have them. */
export function recordsOf(
  { columns, size }: DataTable,
  rows: Iterable<number> = Array.from({ length: size }, (_, row) => row),
): Readonly<Record<string, unknown>>[] {
  const recordOf = recordMaker(columns.map(({ name }) => name));
  return Array.from(rows, (row) => recordOf((column) => at(at(columns, column).cells, row)));
}
