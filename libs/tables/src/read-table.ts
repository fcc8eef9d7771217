import { FlowlineError, Numeral } from '@flowline/events';

import { csvRows } from './csv-rows.ts';
import type { Cell, DataTable } from './data-table.ts';
import type { FileFormat } from './formats.ts';
import { jsonLines } from './json-lines.ts';
import { openFile } from './open-file.ts';
import { parquetRows } from './parquet-records.ts';
import { TableBuilder } from './table-builder.ts';
import { unreadable } from './unreadable.ts';

/** Bounds of a table, which is held in memory. */
export interface TableBounds {
  /** Most rows; of a longer source, rows spread over it (default 500,000). */
  readonly mostRows?: number;
  /**
   * Most cells (default 20 million): of a wide source, fewer rows. Long text counts as several
   * cells.
   */
  readonly mostCells?: number;
}

/** Options of {@link readTable}. */
export interface ReadTableOptions extends TableBounds {
  readonly format: FileFormat;
}

const [MOST_ROWS, MOST_CELLS] = [500_000, 20_000_000];

/**
 * Reads a whole file of rows as a table, with the kinds of its columns. Objects within a record
 * become dotted columns.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE for a file that is not there or not of its format,
 *   has no rows, or a record that is none: with its line.
 */
export async function readTable(file: string, { format, ...bounds }: ReadTableOptions): Promise<DataTable> {
  const builder = builderFor(file, bounds);
  try {
    if (format.kind === 'csv') await addCsv(builder, file, format);
    else if (format.kind === 'ndjson') await addJsonLines(builder, file);
    else await addParquet(builder, file);
  } catch (cause) {
    throw unreadable(file, cause);
  }
  const table = builder.table({ fromText: format.kind === 'csv' });
  if (table.size > 0) return table;
  throw refused(file, `${file} has no rows.`, 'Check that it is the right file.');
}

/** Makes a table of records, as {@link readTable} does. */
export function tableOfRecords(records: Iterable<unknown>, where: string, bounds: TableBounds = {}): DataTable {
  const builder = builderFor(where, bounds);
  for (const record of records) builder.add(() => cellsOf(record));
  return builder.table({ fromText: false });
}

const builderFor = (where: string, { mostRows = MOST_ROWS, mostCells = MOST_CELLS }: TableBounds): TableBuilder =>
  new TableBuilder(where, { mostRows, mostCells });

async function addCsv(builder: TableBuilder, file: string, { delimiter }: FileFormat): Promise<void> {
  for await (const row of csvRows(file, delimiter)) builder.add(row);
}

async function addJsonLines(builder: TableBuilder, file: string): Promise<void> {
  const stream = openFile(file);
  try {
    for await (const record of jsonLines(stream)) {
      const isFault = 'fault' in record;
      if (isFault || !isObject(record.value)) {
        const finding = `${file}, record ${record.row}${isFault ? `: ${record.fault.message}` : ' is not a JSON object.'}`;
        throw refused(`${file}:${record.row}`, finding, 'Write one JSON object per line.');
      }
      const { value } = record;
      builder.add(() => cellsOf(value));
    }
  } finally {
    stream.destroy();
  }
}

async function addParquet(builder: TableBuilder, file: string): Promise<void> {
  for await (const { rows, recordOf } of parquetRows(file)) {
    for (const row of rows) builder.add(() => cellsOf(recordOf(row)));
  }
}

/** Objects within objects that are taken apart. */
const MOST_DEPTH = 16;

/** Cells of a record, with those of objects within it under dotted names. */
function cellsOf(record: unknown, within = '', depth = 0): [string, Cell][] {
  if (!isObject(record)) return [];
  return Object.entries(record).flatMap(([name, value]): [string, Cell][] => {
    const path = `${within}${name}`;
    if (!isObject(value)) return [[path, value === undefined ? null : (value as Cell)]];
    return depth < MOST_DEPTH ? cellsOf(value, `${path}.`, depth + 1) : [[path, [value]]];
  });
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Numeral);

const refused = (where: string, finding: string, remedy: string): FlowlineError =>
  new FlowlineError('FLOWLINE_FILE_UNREADABLE', finding, { where, remedy });
