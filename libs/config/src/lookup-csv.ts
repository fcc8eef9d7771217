import { at, FlowlineError, type LookupTable } from '@flowline/events';

import { type CsvTable, parseCsv } from './csv.ts';

/** A decimal number in a CSV cell. Text with a leading zero is a code ("01234"), not a number. */
const NUMBER_PATTERN = /^[+-]?(0|[1-9]\d*|(?=\.))(\.\d+)?([eE][+-]?\d+)?$/;

/**
 * Parses a lookup table from CSV text. A column is numeric if all its non-empty cells are numbers;
 * empty cells are null.
 * @throws FlowlineError FLOWLINE_CONFIG_INVALID if the key column is absent or a key is repeated.
 */
export function lookupFromCsv(text: string, key: string, where: string): LookupTable {
  const table = parseCsv(text, where);
  const keyIndex = table.header.indexOf(key);
  if (keyIndex < 0) {
    throw new FlowlineError(
      'FLOWLINE_CONFIG_INVALID',
      `${where}: no column "${key}" among ${table.header.join(', ')}`,
      {
        where,
        remedy: 'Name a column of the file as the key.',
      },
    );
  }
  const numeric = table.header.map((_, column) => column !== keyIndex && isNumeric(table, column));
  const rows = new Map<string, Record<string, string | number | null>>();
  for (const cells of table.rows) {
    const name = at(cells, keyIndex);
    if (rows.has(name)) {
      throw new FlowlineError(
        'FLOWLINE_CONFIG_INVALID',
        `${where}: the key "${name}" of column "${key}" appears twice`,
        {
          where,
          remedy: 'Keep one row for each key.',
        },
      );
    }
    rows.set(
      name,
      Object.fromEntries(
        table.header.map((column, index) => [column, cellValue(cells[index], numeric[index] === true)]),
      ),
    );
  }
  return { key, rows: Object.fromEntries(rows) };
}

function isNumeric(table: CsvTable, column: number): boolean {
  const filled = table.rows.map((cells) => at(cells, column)).filter((cell) => cell !== '');
  return filled.length > 0 && filled.every((cell) => NUMBER_PATTERN.test(cell) && Number.isFinite(Number(cell)));
}

function cellValue(cell: string | undefined, numeric: boolean): string | number | null {
  if (cell === undefined || cell === '') return null;
  return numeric ? Number(cell) : cell;
}
