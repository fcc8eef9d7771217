import type { Readable } from 'node:stream';

import { csvRecords } from '@flowline/config';
import { at, type EventTimeSpec, parseIsoTime } from '@flowline/events';
import type { EventNames, FileRecord } from '@flowline/operations/scoring';
import {
  type FileFormat,
  headerNames,
  jsonLines,
  openFile,
  parquetColumns,
  parquetRecords,
  type RecordMaker,
  recordMaker,
  unreadable,
} from '@flowline/tables';

import { checkHeader } from './check-header.ts';
import { cellValue, type CellReading, type FieldKind, fieldKinds } from './field-kinds.ts';

/** Options of {@link readRecords}. */
export interface ReadOptions {
  readonly format: FileFormat;
  /** Optional fields besides those of the model, read if present. */
  readonly names: EventNames;
  /** Called with warnings about the file, one sentence each. */
  readonly onWarning: (warning: string) => void;
}

/**
 * Reads the records of a file (`-`: standard input) as they arrive; `row` counts from 1. Broken
 * records are reported as faults, not dropped.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE, also for a header that does not match the model.
 */
export async function* readRecords(file: string, model: CellReading, options: ReadOptions): AsyncGenerator<FileRecord> {
  if (options.format.kind === 'parquet') {
    yield* parquetFile(file, model, options);
    return;
  }
  const stream = openFile(file);
  try {
    if (options.format.kind === 'csv') yield* csvFile(stream, file, model, options);
    else yield* jsonLines(stream);
  } catch (cause) {
    throw unreadable(file, cause);
  } finally {
    stream.destroy();
  }
}

async function* csvFile(
  stream: Readable,
  file: string,
  model: CellReading,
  { format: { delimiter }, names, onWarning }: ReadOptions,
): AsyncGenerator<FileRecord> {
  const kinds = new Map(fieldKinds(model));
  const wanted = new Map(kinds);
  const others = [names.time?.field, names.id].filter((name) => name != null);
  if (names.time !== null && names.time.unit !== 'iso') kinds.set(names.time.field, 'numeral');
  if (names.id !== null && kinds.get(names.id) === 'number') kinds.set(names.id, 'numeral');
  const read = [...kinds.keys(), ...others, ...(model.entity === null ? [] : [model.entity.time.field])];
  let header: readonly string[] | null = null;
  let recordOf: RecordMaker = recordMaker([]);
  let kindOf: readonly (FieldKind | undefined)[] = [];
  let row = 0;
  for await (const { cells, line } of csvRecords(stream, { where: file, delimiter })) {
    if (header === null) {
      header = headerNames(cells, file);
      for (const warning of checkHeader(header, { file, model, kinds: wanted, others, delimiter })) onWarning(warning);
      recordOf = recordMaker(header.map((name) => (isRead(name, read) ? name : '')));
      kindOf = header.map((name) => kinds.get(name));
      continue;
    }
    row++;
    if (cells.length !== header.length) {
      const message = `Line ${line} has ${cells.length} cells; the header has ${header.length}.`;
      yield { row, fault: { reason: 'not_an_object', message } };
      continue;
    }
    yield { row, value: recordOf((column) => cellValue(at(cells, column), kindOf[column])) };
  }
}

/** True for a column that one of the fields is, lies within, or has within. */
const isRead = (column: string, fields: readonly string[]): boolean =>
  fields.some((field) => field === column || field.startsWith(`${column}.`) || column.startsWith(`${field}.`));

async function* parquetFile(
  file: string,
  model: CellReading,
  { names, onWarning }: ReadOptions,
): AsyncGenerator<FileRecord> {
  const others = [names.time?.field, names.id].filter((name) => name != null);
  const header = await parquetColumns(file);
  for (const warning of checkHeader(header, { file, model, kinds: fieldKinds(model), others })) onWarning(warning);
  let row = 0;
  for await (const record of parquetRecords(file)) yield { row: ++row, value: withTime(record, names.time) };
}

/** A record whose time, ISO text in Parquet, is a number in the unit in which events have it. */
function withTime(
  record: Readonly<Record<string, unknown>>,
  time: EventTimeSpec | null,
): Readonly<Record<string, unknown>> {
  const written = time === null || time.unit === 'iso' ? undefined : record[time.field];
  if (time === null || typeof written !== 'string') return record;
  const timeMs = parseIsoTime(written);
  return Number.isNaN(timeMs) ? record : { ...record, [time.field]: timeMs * UNITS_PER_MS[time.unit] };
}

const UNITS_PER_MS = { ms: 1, s: 1e-3, us: 1e3, iso: 1 } as const;
