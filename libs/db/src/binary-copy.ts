import { at } from '@flowline/events';

import { plainText } from './json-text.ts';

/** Header of COPY … BINARY: signature, no flags, no extension. */
const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
/** End of the data: a field count of −1. */
const TRAILER = Buffer.from([0xff, 0xff]);

/** Milliseconds from the Unix epoch to the Postgres epoch (2000-01-01). */
const POSTGRES_EPOCH_MS = 946_684_800_000;
/** Earliest time in Postgres, 4713 BC; earlier times become −infinity. */
const EARLIEST_MS = -210_866_803_200_000;
const TWO_TO_32 = 2 ** 32;
/** Maximum length of text that is encoded here; longer text is left to the platform's encoder. */
const SHORT_TEXT = 64;

/** OIDs of array element types. */
const OID = { text: 25, float4: 700, float8: 701 } as const;

/**
 * Writes rows in the format of COPY … FROM STDIN BINARY. Each row is startRow(fields), then one
 * call per field in column order. Every value is big-endian, preceded by its length in bytes (−1:
 * null).
 */
export class BinaryCopy {
  #buffer: Buffer;
  #view: DataView;
  #length = 0;
  readonly #rowStarts: number[] = [];

  /** @param bytes the expected size; the buffer grows if it is too small. */
  constructor(bytes = 65_536) {
    this.#buffer = Buffer.allocUnsafe(Math.max(1_024, Math.ceil(bytes)));
    this.#view = viewOf(this.#buffer);
  }

  /** Number of rows begun. */
  get rows(): number {
    return this.#rowStarts.length;
  }

  /** Data from a row on, ready to be sent. */
  chunks(firstRow = 0): Buffer[] {
    return [HEADER, this.#buffer.subarray(this.#rowStarts.at(firstRow) ?? this.#length, this.#length), TRAILER];
  }

  /** Encodes the fields that `write` writes, for repeated use with {@link fields}. */
  static fields(write: (copy: BinaryCopy) => void): Buffer {
    const copy = new BinaryCopy();
    write(copy);
    return copy.#buffer.subarray(0, copy.#length);
  }

  startRow(fields: number): this {
    this.#rowStarts.push(this.#length);
    this.#room(2);
    this.#view.setInt16(this.#length, fields);
    this.#length += 2;
    return this;
  }

  /** Writes fields encoded with {@link BinaryCopy.fields}. */
  fields(written: Buffer): this {
    this.#room(written.length);
    this.#buffer.set(written, this.#length);
    this.#length += written.length;
    return this;
  }

  null(): this {
    this.#room(4);
    this.#raw32(-1);
    return this;
  }

  boolean(value: boolean): this {
    this.#begin(1);
    this.#buffer[this.#length++] = value ? 1 : 0;
    return this;
  }

  int16(value: number): this {
    this.#begin(2);
    this.#view.setInt16(this.#length, value);
    this.#length += 2;
    return this;
  }

  int32(value: number): this {
    this.#begin(4);
    this.#raw32(value);
    return this;
  }

  /** Writes an int8 from an integer that a float64 represents exactly. */
  int64(value: number): this {
    this.#begin(8);
    this.#int64(value);
    return this;
  }

  /** Writes a float4, rounded to the nearest. */
  float4(value: number): this {
    this.#begin(4);
    this.#view.setFloat32(this.#length, value);
    this.#length += 4;
    return this;
  }

  float8(value: number): this {
    this.#begin(8);
    this.#view.setFloat64(this.#length, value);
    this.#length += 8;
    return this;
  }

  /** Writes a timestamptz from milliseconds since the epoch. @throws RangeError for NaN. */
  timestamp(ms: number): this {
    if (Number.isNaN(ms)) throw new RangeError('a time is NaN');
    this.#begin(8);
    if (ms < EARLIEST_MS) this.#int64(-(2 ** 63));
    else this.#int64(Math.round((ms - POSTGRES_EPOCH_MS) * 1_000));
    return this;
  }

  /** Writes text. U+0000, which Postgres cannot store, becomes U+FFFD. */
  text(value: string | null): this {
    if (value === null) return this.null();
    if (value.length <= SHORT_TEXT && this.#ascii(value)) return this;
    const plain = plainText(value);
    this.#room(plain.length * 3 + 4);
    const bytes = this.#buffer.write(plain, this.#length + 4);
    this.#raw32(bytes);
    this.#length += bytes;
    return this;
  }

  /** Writes jsonb from JSON text. */
  jsonb(json: string): this {
    this.#room(json.length * 3 + 5);
    const bytes = this.#buffer.write(json, this.#length + 5);
    this.#raw32(bytes + 1);
    this.#buffer[this.#length] = 1; // format version
    this.#length += bytes + 1;
    return this;
  }

  bytea(value: Uint8Array | null): this {
    if (value === null) return this.null();
    this.#begin(value.byteLength);
    this.#buffer.set(value, this.#length);
    this.#length += value.byteLength;
    return this;
  }

  uuid(value: string | null): this {
    return value === null ? this.null() : this.bytea(Buffer.from(value.replaceAll('-', ''), 'hex'));
  }

  /**
   * Writes float8[] from `width` values at `start`; NaN becomes null, and so does every place whose
   * mark in `marks` is not `mark`.
   */
  float8Array(values: Float64Array, start: number, width: number, marks: Uint8Array | null = null, mark = 1): this {
    const begin = this.#beginArray(OID.float8, width, width * 12);
    for (let place = 0; place < width; place++) {
      const value = at(values, start + place);
      if (Number.isNaN(value) || (marks !== null && marks[place] !== mark)) {
        this.#raw32(-1);
      } else {
        this.#raw32(8);
        this.#view.setFloat64(this.#length, value);
        this.#length += 8;
      }
    }
    return this.#endArray(begin);
  }

  /** Writes float4[], each value rounded to the nearest; nulls as in {@link float8Array}. */
  float4Array(values: Float64Array, start: number, width: number, marks: Uint8Array | null = null, mark = 1): this {
    const begin = this.#beginArray(OID.float4, width, width * 8);
    for (let place = 0; place < width; place++) {
      const value = at(values, start + place);
      if (Number.isNaN(value) || (marks !== null && marks[place] !== mark)) {
        this.#raw32(-1);
      } else {
        this.#raw32(4);
        this.#view.setFloat32(this.#length, value);
        this.#length += 4;
      }
    }
    return this.#endArray(begin);
  }

  /** Writes text[] from `width` values at `start`. */
  textArray(values: readonly (string | null)[], start: number, width: number): this {
    const begin = this.#beginArray(OID.text, width, width * 4);
    for (let index = start; index < start + width; index++) this.text(at(values, index));
    return this.#endArray(begin);
  }

  #beginArray(elementOid: number, width: number, bytes: number): number {
    this.#room(24 + bytes);
    const begin = this.#length;
    this.#length += 4; // length, filled in by #endArray
    this.#raw32(width === 0 ? 0 : 1); // number of dimensions
    this.#raw32(1); // may hold nulls
    this.#raw32(elementOid);
    if (width === 0) return begin;
    this.#raw32(width);
    this.#raw32(1); // lower bound
    return begin;
  }

  #endArray(begin: number): this {
    this.#view.setInt32(begin, this.#length - begin - 4);
    return this;
  }

  /**
   * Writes text byte by byte if all characters are ASCII. Returns false, with nothing written, if
   * one is not.
   */
  #ascii(value: string): boolean {
    this.#room(value.length + 4);
    const start = this.#length + 4;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code === 0 || code > 0x7f) return false;
      this.#buffer[start + i] = code;
    }
    this.#raw32(value.length);
    this.#length += value.length;
    return true;
  }

  #begin(bytes: number): void {
    this.#room(bytes + 4);
    this.#raw32(bytes);
  }

  #raw32(value: number): void {
    this.#view.setInt32(this.#length, value);
    this.#length += 4;
  }

  #int64(value: number): void {
    const high = Math.floor(value / TWO_TO_32);
    this.#view.setInt32(this.#length, high);
    this.#view.setUint32(this.#length + 4, value - high * TWO_TO_32);
    this.#length += 8;
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
    this.#view = viewOf(larger);
  }
}

const viewOf = (buffer: Buffer): DataView => new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
