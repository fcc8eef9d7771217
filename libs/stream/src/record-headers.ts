import { isUtf8 } from 'node:buffer';

import type { StoredHeader, StoredHeaders } from '@flowline/events';

/** Header as a source delivers it: arbitrary bytes, text, or null. */
export type RecordHeader = Uint8Array | string | null;
/**
 * Headers of a record as a source delivers them, unchanged. A repeated name has all its values, in
 * order.
 */
export type RecordHeaders = Readonly<Record<string, RecordHeader | readonly RecordHeader[] | undefined>>;

/** Headers as lossless JSON: {@link fromStoredHeaders} restores the same bytes. */
export function toStoredHeaders(headers: RecordHeaders): StoredHeaders {
  // A name may be any text, even __proto__, so properties are defined rather than assigned.
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, isList(value) ? value.map(toStored) : toStored(value)]],
    ),
  );
}

/** Restores the bytes of stored headers. */
export function fromStoredHeaders(headers: StoredHeaders): Record<string, Uint8Array | null | (Uint8Array | null)[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, isList(value) ? value.map(fromStored) : fromStored(value)]),
  );
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

function toStored(header: RecordHeader): StoredHeader {
  if (header === null || typeof header === 'string') return header;
  const bytes = Buffer.from(header.buffer, header.byteOffset, header.byteLength);
  // Postgres does not store NUL within JSON text.
  return isUtf8(bytes) && !bytes.includes(0) ? bytes.toString('utf8') : { base64: bytes.toString('base64') };
}

function fromStored(header: StoredHeader): Uint8Array | null {
  if (header === null) return null;
  return typeof header === 'string' ? Buffer.from(header, 'utf8') : Buffer.from(header.base64, 'base64');
}
