import { messageOf } from '@flowline/events';
import type { RecordHeaders, Undecodable } from '@flowline/stream';

import type { TransactionalBatch } from './aborted-transactions.ts';
import { unpack } from './unpack.ts';
import { UnpackedTooLarge } from './unpacked-too-large.ts';

/** Bytes up to the end of the length field: the batch's base offset and its length. */
const FRAME_BYTES = 12;
const HEADER_BYTES = 61;
const MAGIC_AT = 16;
const MAGIC = 2;
const CODEC_BITS = 0x07;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const ABORT = 0;
/** Maximum decompressed bytes of a batch; producers make batches of about a megabyte. */
const BATCH_MAX_BYTES = 67_108_864;

const NO_HEADERS: RecordHeaders = Object.freeze({});

/** Record in the shape that kafkajs passes on. */
export interface FetchedMessage {
  readonly offset: string;
  /** Milliseconds since the epoch. */
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
  readonly attributes: number;
  /** True for a hidden record, which kafkajs skips and passes to nobody. */
  readonly isControlRecord: boolean;
  /** Reason why the record cannot be read; its key and value are then null. */
  readonly fault: Undecodable | undefined;
}

/** Record batch as stored in the log (format 2), its records still compressed. */
export interface RecordBatch extends TransactionalBatch {
  readonly baseOffset: number;
  readonly isControl: boolean;
  /** Number of records. */
  readonly count: number;
  readonly codec: number;
  /**
   * Milliseconds since the epoch of a record with timestamp delta 0; null if every record has
   * `maxTimestampMs`.
   */
  readonly baseTimestampMs: number | null;
  readonly maxTimestampMs: number;
  readonly packed: Buffer;
}

/**
 * Length in bytes of the batch at a position; null if its end is missing, since brokers truncate
 * responses anywhere.
 */
export function batchLength(bytes: Buffer, at: number): number | null {
  if (at + HEADER_BYTES > bytes.length) return null;
  const length = FRAME_BYTES + bytes.readInt32BE(at + 8);
  return at + length > bytes.length || length < HEADER_BYTES ? null : length;
}

/** True if the batch at the start of the bytes has the format of Kafka 0.11 and later. */
export function isRecordBatch(bytes: Buffer): boolean {
  return bytes.length > MAGIC_AT && bytes[MAGIC_AT] === MAGIC;
}

/** Reads the header of a complete batch. */
export function readBatch(bytes: Buffer): RecordBatch {
  const attributes = bytes.readInt16BE(21);
  const baseOffset = Number(bytes.readBigInt64BE(0));
  const isControl = (attributes & CONTROL) !== 0;
  const packed = bytes.subarray(HEADER_BYTES);
  return {
    baseOffset,
    lastOffset: baseOffset + bytes.readInt32BE(23),
    producerId: bytes.readBigInt64BE(43),
    isTransactional: (attributes & TRANSACTIONAL) !== 0,
    isControl,
    isAbortMarker: isControl && markerType(packed) === ABORT,
    count: bytes.readInt32BE(57),
    codec: attributes & CODEC_BITS,
    baseTimestampMs: (attributes & LOG_APPEND_TIME) === 0 ? Number(bytes.readBigInt64BE(27)) : null,
    maxTimestampMs: Number(bytes.readBigInt64BE(35)),
    packed,
  };
}

/** Type of a control record: the second int16 of its key. */
function markerType(records: Buffer): number | null {
  try {
    const cursor = new Cursor(records);
    cursor.varint();
    cursor.skip(1);
    cursor.varint();
    cursor.varint();
    return cursor.bytes()?.readInt16BE(2) ?? null;
  } catch {
    return null;
  }
}

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
    const cursor = new Cursor(unpacked);
    for (let i = 0; i < batch.count; i++) {
      const message = readRecord(cursor, batch, fromOffset);
      if (message !== null && messages.push(message) >= limit) return { messages, bytes };
    }
    if (batch.lastOffset > Number(messages.at(-1)?.offset ?? -1)) messages.push(hidden(batch.lastOffset));
  } catch (error) {
    const fault = faultOf(error, batch);
    const from = Math.max(fromOffset, batch.baseOffset, Number(messages.at(-1)?.offset ?? -1) + 1);
    const to = Math.min(batch.lastOffset, from + limit - messages.length - 1);
    for (let offset = from; offset <= to; offset++) messages.push(faulty(batch, offset, fault));
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
function readRecord(cursor: Cursor, batch: RecordBatch, fromOffset: number): FetchedMessage | null {
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
function readHeaders(cursor: Cursor): RecordHeaders {
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

/** Creates a hidden record, which only marks how far the log was read. */
export function hidden(offset: number): FetchedMessage {
  return { ...blank(offset), isControlRecord: true };
}

function faulty({ maxTimestampMs }: RecordBatch, offset: number, fault: Undecodable): FetchedMessage {
  return { ...blank(offset), timestamp: String(maxTimestampMs), fault };
}

const blank = (offset: number): FetchedMessage => ({
  offset: String(offset),
  timestamp: '0',
  key: null,
  value: null,
  headers: NO_HEADERS,
  attributes: 0,
  isControlRecord: false,
  fault: undefined,
});

/** Read position in bytes. */
class Cursor {
  readonly #bytes: Buffer;
  readonly end: number;
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.end = bytes.length;
  }

  skip(length: number): void {
    this.at += length;
  }

  /**
   * Reads a zigzag integer of up to ten bytes, rounded beyond 2^53. @throws RangeError at the end
   * of the bytes.
   */
  varint(): number {
    let value = 0;
    let factor = 1;
    for (let length = 1; ; length++) {
      const byte = this.at < this.end ? this.#bytes[this.at++] : undefined;
      if (byte === undefined || length > 10) throw new RangeError('an integer has no end');
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
      factor *= 128;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /**
   * Reads length-prefixed bytes; null if the length is negative. @throws RangeError if bytes are
   * missing.
   */
  bytes(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const begin = this.at;
    if (length > this.end - begin) throw new RangeError('bytes are missing');
    this.at = begin + length;
    return this.#bytes.subarray(begin, this.at);
  }
}
