import type { Readable } from 'node:stream';

import { decodeJson, type Line, LineSplitter } from '@flowline/stream';

/** A record of a file: its number from 1, and its value, or the fault of a broken record. */
export type NumberedRecord =
  | { readonly row: number; readonly value: unknown }
  | { readonly row: number; readonly fault: { readonly reason: string; readonly message: string } };

/** Maximum length of a line; a longer one is a fault. */
const MAX_LINE_BYTES = 10_000_000;

/** Reads the records of NDJSON as they arrive. Blank lines are none. */
export async function* jsonLines(stream: Readable): AsyncGenerator<NumberedRecord> {
  const splitter = new LineSplitter(MAX_LINE_BYTES);
  let row = 0;
  const read = function* (lines: Iterable<Line>): Generator<NumberedRecord> {
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

const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0d;

/** Reads a line of NDJSON as a record. */
export function parsedLine(bytes: Uint8Array, row: number): NumberedRecord {
  if (bytes.length > MAX_LINE_BYTES) {
    return { row, fault: { reason: 'too_large', message: `The line is longer than ${MAX_LINE_BYTES} bytes.` } };
  }
  const decoded = decodeJson(bytes);
  return 'reason' in decoded ? { row, fault: decoded } : { row, value: decoded.value };
}
