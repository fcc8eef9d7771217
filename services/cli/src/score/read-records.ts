import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

import { FlowlineError, parseJson } from '@flowline/events';

import { csvRecords } from './csv-records.ts';
import { cellValue, type CellReading, fieldKinds } from './field-kinds.ts';
import type { Format } from './formats.ts';

/** One record of a file: a value for the reader of features, or why there is none. */
export type FileRecord =
  | { readonly row: number; readonly value: unknown }
  | { readonly row: number; readonly fault: { readonly reason: string; readonly message: string } };

/**
 * Reads the records of a file (`-`: standard input) as they arrive; `row` counts from 1. Broken records are told apart, not lost.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE.
 */
export async function* readRecords(file: string, format: Format, model: CellReading): AsyncGenerator<FileRecord> {
  const stream = file === '-' ? process.stdin : createReadStream(file);
  stream.setEncoding('utf8');
  try {
    yield* format === 'csv' ? csvFile(stream, model) : ndjsonFile(stream);
  } catch (cause) {
    if (cause instanceof FlowlineError) throw cause;
    throw new FlowlineError(
      'FLOWLINE_FILE_UNREADABLE',
      `${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        where: file,
        remedy: 'Check the path and its permissions.',
        cause,
      },
    );
  }
}

async function* ndjsonFile(stream: NodeJS.ReadableStream): AsyncGenerator<FileRecord> {
  let row = 0;
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
    if (line.trim() === '') continue;
    row++;
    yield parsedLine(line, row);
  }
}

function parsedLine(line: string, row: number): FileRecord {
  try {
    return { row, value: parseJson(line) };
  } catch (error) {
    const message = `The line is not JSON: ${error instanceof Error ? error.message : String(error)}`;
    return { row, fault: { reason: 'not_json', message } };
  }
}

async function* csvFile(stream: AsyncIterable<string | Buffer>, model: CellReading): AsyncGenerator<FileRecord> {
  const kinds = fieldKinds(model);
  let header: readonly string[] | null = null;
  let row = 0;
  for await (const { cells, line } of csvRecords(asText(stream))) {
    if (header === null) {
      header = cells.map((name) => name ?? '');
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

async function* asText(stream: AsyncIterable<string | Buffer>): AsyncGenerator<string> {
  for await (const chunk of stream) yield typeof chunk === 'string' ? chunk : chunk.toString('utf8');
}

type Node = Record<string, unknown>;

/** A record of cells by column; a dotted column becomes a field within an object, as in JSON. */
function recordOf(
  header: readonly string[],
  cells: readonly (string | null)[],
  kinds: ReturnType<typeof fieldKinds>,
): Readonly<Record<string, unknown>> {
  const record: Node = {};
  for (const [column, name] of header.entries()) {
    const path = name.split('.');
    const last = path.pop() ?? name;
    let node = record;
    for (const part of path) {
      const inner = node[part];
      node = isNode(inner) ? inner : (node[part] = {});
    }
    node[last] = cellValue(cells[column] ?? null, kinds.get(name));
  }
  return record;
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;
