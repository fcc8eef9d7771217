import { messageOf } from '@flowline/events';
import type { RecordHeaders, Undecodable } from '@flowline/stream';

import { faulty, type FetchedMessage, hidden, NO_HEADERS } from './fetched-message.ts';
import type { RecordBatch } from './record-batch.ts';
import { RecordCursor } from './record-cursor.ts';
import { unpack } from './unpack.ts';
import { UnpackedTooLarge } from './unpacked-too-large.ts';

/** Maximum decompressed bytes of a batch; producers make batches of about a megabyte. */
const BATCH_MAX_BYTES = 67_108_864;

/** Records read from a batch, and their size. */
export interface ReadRecords {
  readonly messages: readonly FetchedMessage[];
  /** Decompressed bytes of the records. */
  readonly bytes: number;
}

/**
 * Reads the records of a batch, starting at an offset. No record blocks the others: an unreadable
 * one has a fault, shared by all records after it in the batch, because their positions are
 * unknown.
 * @param limit maximum records, each of which takes far more memory than in the batch. The rest is
 * left for the next fetch.
 */
export async function readRecords(batch: RecordBatch, fromOffset: number, limit: number): Promise<ReadRecords> {
  const messages: FetchedMessage[] = [];
  let bytes = 0;
  try {
    const unpacked = await unpack(batch.codec, batch.packed, BATCH_MAX_BYTES);
    bytes = unpacked.length;
    const cursor = new RecordCursor(unpacked);
    for (let i = 0; i < batch.count; i++) {
      const message = readRecord(cursor, batch, fromOffset);
      if (message !== null && messages.push(message) >= limit) return { messages, bytes };
    }
    if (batch.lastOffset > Number(messages.at(-1)?.offset ?? -1)) messages.push(hidden(batch.lastOffset));
  } catch (error) {
    const fault = faultOf(error, batch);
    const from = Math.max(fromOffset, batch.baseOffset, Number(messages.at(-1)?.offset ?? -1) + 1);
    const to = Math.min(batch.lastOffset, from + limit - messages.length - 1);
    for (let offset = from; offset <= to; offset++) messages.push(faulty(offset, batch.maxTimestampMs, fault));
  }
  return { messages, bytes };
}

function faultOf(error: unknown, { count }: RecordBatch): Undecodable {
  const batch = `The batch of ${count} records, of which this is one,`;
  if (error instanceof UnpackedTooLarge) {
    const message = `${batch} unpacks to more than ${BATCH_MAX_BYTES} bytes; nothing of it is kept.`;
    return { reason: 'too_large', message };
  }
  return { reason: 'unreadable', message: `${batch} cannot be read from here on: ${messageOf(error)}.` };
}

/**
 * Reads one record; null if it lies before the offset.
 * @throws RangeError if the bytes are not a record.
 */
function readRecord(cursor: RecordCursor, batch: RecordBatch, fromOffset: number): FetchedMessage | null {
  const length = cursor.varint();
  const end = cursor.at + length;
  if (!(length >= 0 && end <= cursor.end)) throw new RangeError('a record is longer than its batch');
  cursor.skip(1); // attributes, all unused
  const timestampDelta = cursor.varint();
  const offset = batch.baseOffset + cursor.varint();
  if (offset < fromOffset) {
    cursor.at = end;
    return null;
  }
  const key = cursor.bytes();
  const value = cursor.bytes();
  const headers = readHeaders(cursor);
  if (cursor.at > end) throw new RangeError('a record is longer than it says');
  cursor.at = end;
  return {
    offset: String(offset),
    timestamp: String(batch.baseTimestampMs === null ? batch.maxTimestampMs : batch.baseTimestampMs + timestampDelta),
    key,
    value,
    headers,
    attributes: 0,
    isControlRecord: false,
    fault: undefined,
  };
}

/** Reads headers. A name may be any text, even that of a property which objects inherit. */
function readHeaders(cursor: RecordCursor): RecordHeaders {
  const count = cursor.varint();
  if (count === 0) return NO_HEADERS;
  const found = new Map<string, Buffer | null | (Buffer | null)[]>();
  for (let i = 0; i < count; i++) {
    const name = cursor.bytes()?.toString('utf8') ?? '';
    const value = cursor.bytes();
    const before = found.get(name);
    if (before === undefined) found.set(name, value);
    else if (Array.isArray(before)) before.push(value);
    else found.set(name, [before, value]);
  }
  return Object.fromEntries(found);
}
