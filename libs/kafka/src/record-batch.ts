import type { TransactionalBatch } from './aborted-transactions.ts';
import { RecordCursor } from './record-cursor.ts';

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
    const cursor = new RecordCursor(records);
    cursor.varint();
    cursor.skip(1);
    cursor.varint();
    cursor.varint();
    return cursor.bytes()?.readInt16BE(2) ?? null;
  } catch {
    return null;
  }
}
