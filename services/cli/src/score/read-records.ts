import { createReadStream } from 'node:fs';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { csvRecords } from '@flowline/config';
import { FlowlineError, messageOf } from '@flowline/events';
import type { EventNames, FileRecord } from '@flowline/operations/scoring';
import { decodeJson, type Line, LineSplitter } from '@flowline/stream';

import { checkHeader } from './check-header.ts';
import { cellValue, type CellReading, fieldKinds } from './field-kinds.ts';
import type { FileFormat } from './formats.ts';

/** Options of {@link readRecords}. */
export interface ReadOptions {
  readonly format: FileFormat;
  /** Optional fields besides those of the model, read if present. */
  readonly names: EventNames;
  /** Called with warnings about the file, one sentence each. */
  readonly onWarning: (warning: string) => void;
}

/** Maximum length of a line; a longer one is a fault. */
const MAX_LINE_BYTES = 10_000_000;

/**
 * Reads the records of a file (`-`: standard input) as they arrive; `row` counts from 1. Broken
 * records are reported as faults, not dropped.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE, also for a header that does not match the model.
 */
export async function* readRecords(file: string, model: CellReading, options: ReadOptions): AsyncGenerator<FileRecord> {
  const stream = openFile(file, options.format);
  try {
    if (options.format.kind === 'csv') yield* csvFile(stream, file, model, options);
    else yield* ndjsonFile(stream);
  } catch (cause) {
    throw unreadable(file, cause);
  } finally {
    stream.destroy();
  }
}

/** Opens a file (`-`: standard input), decompressed. */
export function openFile(file: string, { gzip }: Pick<FileFormat, 'gzip'>): Readable {
  const stream = file === '-' ? process.stdin : createReadStream(file);
  // An error of the file reaches the reader of the decompressed stream.
  return gzip ? pipeline(stream, createGunzip(), () => undefined) : stream;
}

async function* ndjsonFile(stream: Readable): AsyncGenerator<FileRecord> {
  const splitter = new LineSplitter(MAX_LINE_BYTES);
  let row = 0;
  const read = function* (lines: Iterable<Line>): Generator<FileRecord> {
    for (const { bytes } of lines) {
      const text = row === 0 ? withoutMark(bytes) : bytes;
      if (!text.every(isBlank)) yield parsedLine(text, ++row);
    }
  };
  for await (const chunk of stream as AsyncIterable<Uint8Array>) yield* read(splitter.push(chunk));
  const last = splitter.end();
  if (last !== null) yield* read([last]);
}

/** Bytes of a first line without its byte order mark. */
const withoutMark = (bytes: Uint8Array): Uint8Array =>
  bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;

/** Error for a file that cannot be read, from the error that says why. */
export function unreadable(file: string, cause: unknown): FlowlineError {
  if (cause instanceof FlowlineError) return cause;
  return new FlowlineError('FLOWLINE_FILE_UNREADABLE', `${file} cannot be read: ${messageOf(cause)}`, {
    where: file,
    remedy: 'Check the path and its permissions.',
    cause,
  });
}

const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0d;

/** Reads a line of NDJSON as a record. */
export function parsedLine(bytes: Uint8Array, row: number): FileRecord {
  if (bytes.length > MAX_LINE_BYTES) {
    return { row, fault: { reason: 'too_large', message: `The line is longer than ${MAX_LINE_BYTES} bytes.` } };
  }
  const decoded = decodeJson(bytes);
  return 'reason' in decoded ? { row, fault: decoded } : { row, value: decoded.value };
}

async function* csvFile(
  stream: Readable,
  file: string,
  model: CellReading,
  { format, names, onWarning }: ReadOptions,
): AsyncGenerator<FileRecord> {
  const kinds = new Map(fieldKinds(model));
  const wanted = new Map(kinds);
  const others = [names.time?.field, names.id].filter((name) => name != null);
  if (names.time !== null && names.time.unit !== 'iso') kinds.set(names.time.field, 'number');
  let header: readonly string[] | null = null;
  let row = 0;
  for await (const { cells, line } of csvRecords(stream, { where: file, delimiter: format.delimiter })) {
    if (header === null) {
      header = cells.map((name) => name ?? '');
      for (const warning of checkHeader(header, { file, model, kinds: wanted, others })) onWarning(warning);
      continue;
    }
    row++;
    if (cells.length !== header.length) {
      const message = `Line ${line} has ${cells.length} cells; the header has ${header.length}.`;
      yield { row, fault: { reason: 'not_an_object', message } };
      continue;
    }
    yield { row, value: recordOf(header, cells, kinds) };
  }
}

type Node = Record<string, unknown>;

/**
 * Builds a record from cells by column. A dotted column becomes a field within an object, as in
 * JSON.
 */
function recordOf(
  header: readonly string[],
  cells: readonly (string | null)[],
  kinds: ReturnType<typeof fieldKinds>,
): Readonly<Record<string, unknown>> {
  const record = emptyNode();
  for (const [column, name] of header.entries()) {
    const path = name.split('.');
    const last = path.pop() ?? name;
    let node = record;
    for (const part of path) {
      const inner = node[part];
      node = isNode(inner) ? inner : (node[part] = emptyNode());
    }
    node[last] = cellValue(cells[column] ?? null, kinds.get(name));
  }
  return record;
}

/** An object without a prototype, as column names are arbitrary. */
const emptyNode = (): Node => Object.create(null) as Node;

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;
