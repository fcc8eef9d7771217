import { csvRecords } from '@flowline/config';
import { at, FlowlineError, Numeral } from '@flowline/events';

import { cellNumber } from './cell-text.ts';
import type { Cell, DataTable } from './data-table.ts';
import type { FileFormat } from './formats.ts';
import { jsonLines } from './json-lines.ts';
import { openFile, unreadable } from './open-file.ts';
import { parquetRecords } from './parquet-records.ts';
import { TableBuilder } from './table-builder.ts';

/** Options of {@link readTable}. */
export interface ReadTableOptions {
  readonly format: FileFormat;
  /** Most rows of the table; of a longer file, rows spread over it (default 500,000). */
  readonly mostRows?: number;
}

const MOST_ROWS = 500_000;

/**
 * Reads a whole file of rows as a table, with the kinds of its columns. Objects within a record
 * become dotted columns.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE for a file that is not there or not of its format,
 *   has no rows, or a record that is none: with its line.
 */
export async function readTable(file: string, { format, mostRows = MOST_ROWS }: ReadTableOptions): Promise<DataTable> {
  const builder = new TableBuilder(mostRows);
  try {
    if (format.kind === 'csv') await addCsv(builder, file, format);
    else if (format.kind === 'ndjson') await addJsonLines(builder, file, format);
    else await addParquet(builder, file, format);
  } catch (cause) {
    throw unreadable(file, cause);
  }
  const table = builder.table(file, { fromText: format.kind === 'csv' });
  if (table.size > 0) return table;
  throw refused(file, `${file} has no rows.`, 'Check that it is the right file.');
}

/** Makes a table of records, as {@link readTable} does. */
export function tableOfRecords(
  records: Iterable<unknown>,
  where: string,
  { mostRows = MOST_ROWS }: { readonly mostRows?: number } = {},
): DataTable {
  const builder = new TableBuilder(mostRows);
  for (const record of records) builder.add(cellsOf(record));
  return builder.table(where, { fromText: false });
}

async function addCsv(builder: TableBuilder, file: string, { delimiter, gzip }: FileFormat): Promise<void> {
  const stream = openFile(file, { gzip });
  let header: readonly string[] | null = null;
  try {
    for await (const { cells, line } of csvRecords(stream, { where: file, delimiter })) {
      if (header === null) {
        header = checkedHeader(cells, file);
        continue;
      }
      if (cells.length !== header.length) {
        const finding = `line ${line} has ${cells.length} cells; the header has ${header.length}.`;
        throw refused(`${file}:${line}`, `${file}, ${finding}`, 'Correct the line; cells with commas are quoted.');
      }
      const names = header;
      builder.add(cells.map((text, column) => [at(names, column), text === null ? null : (cellNumber(text) ?? text)]));
    }
  } finally {
    stream.destroy();
  }
}

function checkedHeader(cells: readonly (string | null)[], file: string): readonly string[] {
  const header = cells.map((name) => name ?? '');
  const twice = header.find((name, column) => header.indexOf(name) !== column);
  if (twice !== undefined) throw refused(file, `${file}: the column "${twice}" appears twice.`, 'Keep one of them.');
  const separator = [';', '\t', '|'].find((each) => header.length === 1 && at(header, 0).includes(each));
  if (separator === undefined) return header;
  const shown = separator === '\t' ? "$'\\t'" : `'${separator}'`;
  throw refused(file, `${file} seems to be separated by ${shown}.`, `Say --delimiter ${shown}.`);
}

async function addJsonLines(builder: TableBuilder, file: string, { gzip }: FileFormat): Promise<void> {
  const stream = openFile(file, { gzip });
  try {
    for await (const record of jsonLines(stream)) {
      if ('fault' in record) {
        const finding = `${file}, record ${record.row}: ${record.fault.message}`;
        throw refused(`${file}:${record.row}`, finding, 'Write one JSON object per line.');
      }
      if (!isObject(record.value)) {
        const finding = `${file}, record ${record.row} is not a JSON object.`;
        throw refused(`${file}:${record.row}`, finding, 'Write one JSON object per line.');
      }
      builder.add(cellsOf(record.value));
    }
  } finally {
    stream.destroy();
  }
}

async function addParquet(builder: TableBuilder, file: string, format: FileFormat): Promise<void> {
  for await (const records of parquetRecords(file, format)) {
    for (const record of records) builder.add(cellsOf(record));
  }
}

/** Cells of a record, with those of objects within it under dotted names. */
function cellsOf(record: unknown, within = ''): [string, Cell][] {
  if (!isObject(record)) return [];
  return Object.entries(record).flatMap(([name, value]): [string, Cell][] => {
    const path = `${within}${name}`;
    if (isObject(value)) return cellsOf(value, `${path}.`);
    return [[path, value === undefined ? null : (value as Cell)]];
  });
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Numeral);

const refused = (where: string, finding: string, remedy: string): FlowlineError =>
  new FlowlineError('FLOWLINE_FILE_UNREADABLE', finding, { where, remedy });
