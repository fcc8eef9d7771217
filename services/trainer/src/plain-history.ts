import type { HistoryBatch, NumberCells, ValueCells, WantedColumn } from '@flowline/db';
import { at, missing, Numeral } from '@flowline/events';
import { levelText, type PlainColumns } from '@flowline/features';

/** Columns of a batch as columns of a table. The arrays may be those of the batch. */
export interface PlainBatch {
  readonly numbers: readonly Float64Array[];
  readonly levels: readonly (string | null)[][];
  /** 1 for each row that is a row of the table beyond doubt. */
  readonly usual: Uint8Array;
}

/**
 * Compiles the shortcut from columns of a history to columns of a table, for features that are read
 * directly from them. It takes only values that are valid beyond doubt; the record reader handles
 * all other rows and reports their faults.
 */
export function plainHistory(
  { numeric, levels }: PlainColumns,
  columns: readonly WantedColumn[],
): (batch: HistoryBatch) => PlainBatch {
  const placeOf = (field: string): number => columns.findIndex(({ name }) => name === field);
  const numberPlaces = numeric.map((column) => ({ ...column, place: placeOf(column.field) }));
  const levelPlaces = levels.map((column) => ({ ...column, place: placeOf(column.field) }));
  return ({ size, cells }) => {
    const usual = new Uint8Array(size).fill(1);
    return {
      numbers: numberPlaces.map((column) => numbersOf(at(cells, column.place), column, usual)),
      levels: levelPlaces.map((column) => levelsOf(at(cells, column.place), column, usual)),
      usual,
    };
  };
}

function numbersOf(
  cells: NumberCells | ValueCells,
  { nullable, largest }: PlainColumns['numeric'][number],
  usual: Uint8Array,
): Float64Array {
  const size = usual.length;
  if (cells.kind === 'numbers') {
    const { values, isNull } = cells;
    for (let row = 0; row < size; row++) {
      const value = values[row] ?? missing(values, row);
      if (Math.abs(value) <= largest || (nullable && isNull[row] === 1)) continue;
      usual[row] = 0;
    }
    return values.subarray(0, size);
  }
  const numbers = new Float64Array(size);
  for (let row = 0; row < size; row++) {
    const cell = cells.values[row];
    const value = cell instanceof Numeral ? cell.valueOf() : cell;
    const isNumber = typeof value === 'number' && Math.abs(value) <= largest;
    numbers[row] = isNumber ? value : NaN;
    if (!isNumber && !(nullable && cell === null)) usual[row] = 0;
  }
  return numbers;
}

function levelsOf(
  cells: NumberCells | ValueCells,
  { nullable, onlyBoolean }: PlainColumns['levels'][number],
  usual: Uint8Array,
): (string | null)[] {
  const size = usual.length;
  const levels: (string | null)[] = [];
  for (let row = 0; row < size; row++) {
    const level = cells.kind === 'values' ? levelOf(cells.values[row], onlyBoolean) : undefined;
    levels.push(level ?? null);
    if (level === undefined || (level === null && !nullable)) usual[row] = 0;
  }
  return levels;
}

/** A level, or null if it is missing; undefined for any other value. */
function levelOf(value: unknown, onlyBoolean: boolean): string | null | undefined {
  if (value === null) return null;
  if (typeof value === 'boolean') return String(value);
  if (onlyBoolean) return undefined;
  if (typeof value === 'string') return levelText(value);
  if (typeof value === 'number') return String(value);
  return value instanceof Numeral ? levelText(value.text) : undefined;
}
