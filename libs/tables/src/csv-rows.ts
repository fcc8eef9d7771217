import { csvRecords } from '@flowline/config';
import { at, FlowlineError } from '@flowline/events';

import { cellNumber } from './cell-text.ts';
import { headerNames, otherSeparator } from './column-names.ts';
import type { Cell } from './data-table.ts';
import { openFile } from './open-file.ts';

/** Reads the cells of a row with their names; text that is a number is one. */
type ReadRow = () => (readonly [string, Cell])[];

/**
 * Reads the rows of a CSV file as they arrive, each a function that reads its cells.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE for a header that names no columns, and a line of
 *   another length: with its number.
 */
export async function* csvRows(file: string, delimiter: string): AsyncGenerator<ReadRow> {
  const stream = openFile(file);
  let header: readonly string[] | null = null;
  try {
    for await (const { cells, line } of csvRecords(stream, { where: file, delimiter })) {
      if (header === null) {
        header = checkedHeader(cells, file, delimiter);
        continue;
      }
      if (cells.length !== header.length) throw otherLength(file, line, cells.length, header.length);
      const names = header;
      yield () => cells.map((text, column) => [at(names, column), text === null ? null : (cellNumber(text) ?? text)]);
    }
  } finally {
    stream.destroy();
  }
}

function checkedHeader(cells: readonly (string | null)[], file: string, delimiter: string): readonly string[] {
  const names = headerNames(cells, file);
  const separator = otherSeparator(names, delimiter);
  if (separator !== null)
    throw refused(file, `${file} seems to be separated by ${separator}.`, `Say --delimiter ${separator}.`);
  if (isRowOfNumbers(names)) {
    const finding = `${file} has no header: its first line is ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}.`;
    throw refused(file, finding, 'Write a first line with the names of the columns.');
  }
  return names;
}

/** True for numbers of which one is no whole number from 0: nobody names a column so. */
const isRowOfNumbers = (names: readonly string[]): boolean =>
  names.every((name) => cellNumber(name) !== undefined) && names.some((name) => !/^\d+$/.test(name));

function otherLength(file: string, line: number, found: number, expected: number): FlowlineError {
  const cells = `${found} ${found === 1 ? 'cell' : 'cells'}`;
  const finding = `${file}, line ${line} has ${cells}; the header has ${expected}.`;
  return refused(`${file}:${line}`, finding, 'Correct the line; cells with commas are quoted.');
}

const refused = (where: string, finding: string, remedy: string): FlowlineError =>
  new FlowlineError('FLOWLINE_FILE_UNREADABLE', finding, { where, remedy });
