import { plainText } from './json-text.ts';

/** The header of COPY … BINARY: its signature, no flags, no extension. */
const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
/** A field count of −1 ends the data. */
const TRAILER = Buffer.from([0xff, 0xff]);

/** Milliseconds from the Unix epoch to Postgres' (2000-01-01). */
const POSTGRES_EPOCH_MS = 946_684_800_000;
/** 4713 BC, the earliest time that Postgres knows; earlier ones become −infinity. */
const EARLIEST_MS = -210_866_803_200_000;
const TWO_TO_32 = 2 ** 32;

/** Object identifiers of the element types of arrays. */
const OID = { text: 25, float8: 701 } as const;

/**
 * Writes rows in the format of COPY … FROM STDIN BINARY. Each row: startRow(fields), then one call for each field, in the order of
 * the columns. Every value is big-endian, after its length in bytes (−1: null).
 */
export class BinaryCopy {
  #buffer: Buffer;
  #length = 0;
  readonly #rowStarts: number[] = [];

  /** @param bytes the expected size; the buffer grows when it is too small. */
  constructor(bytes = 65_536) {
    this.#buffer = Buffer.allocUnsafe(Math.max(1_024, Math.ceil(bytes)));
  }

  /** The rows that were begun. */
  get rows(): number {
    return this.#rowStarts.length;
  }

  /** The data from a row on, ready to be sent. */
  chunks(firstRow = 0): Buffer[] {
    return [HEADER, this.#buffer.subarray(this.#rowStarts[firstRow] ?? this.#length, this.#length), TRAILER];
  }

  startRow(fields: number): this {
    this.#rowStarts.push(this.#length);
    this.#room(2);
    this.#length = this.#buffer.writeInt16BE(fields, this.#length);
    return this;
  }

  null(): this {
    this.#room(4);
    this.#length = this.#buffer.writeInt32BE(-1, this.#length);
    return this;
  }

  boolean(value: boolean): this {
    this.#begin(1);
    this.#length = this.#buffer.writeUInt8(value ? 1 : 0, this.#length);
    return this;
  }

  int32(value: number): this {
    this.#begin(4);
    this.#length = this.#buffer.writeInt32BE(value, this.#length);
    return this;
  }

  /** A whole number that a float64 holds exactly. */
  int64(value: number): this {
    this.#begin(8);
    this.#int64(value);
    return this;
  }

  float8(value: number): this {
    this.#begin(8);
    this.#length = this.#buffer.writeDoubleBE(value, this.#length);
    return this;
  }

  /** timestamptz, from milliseconds since the epoch. */
  timestamp(ms: number): this {
    if (Number.isNaN(ms)) throw new RangeError('a time is NaN');
    this.#begin(8);
    if (ms < EARLIEST_MS) this.#int64(-(2 ** 63));
    else this.#int64(Math.round((ms - POSTGRES_EPOCH_MS) * 1_000));
    return this;
  }

  /** text; U+0000, for which Postgres has no room, becomes U+FFFD. */
  text(value: string | null): this {
    if (value === null) return this.null();
    this.#text(value);
    return this;
  }

  /** jsonb, from JSON text. */
  jsonb(json: string): this {
    return this.#sized(json.length * 3 + 1, () => {
      this.#length = this.#buffer.writeUInt8(1, this.#length);
      this.#length += this.#buffer.write(json, this.#length);
    });
  }

  bytea(value: Uint8Array | null): this {
    if (value === null) return this.null();
    this.#begin(value.byteLength);
    this.#buffer.set(value, this.#length);
    this.#length += value.byteLength;
    return this;
  }

  uuid(value: string): this {
    return this.bytea(Buffer.from(value.replaceAll('-', ''), 'hex'));
  }

  /** float8[], from `width` values at `start`; NaN is null. */
  float8Array(values: Float64Array, start: number, width: number): this {
    return this.#array(OID.float8, width, width * 12, (index) => {
      const value = values[start + index] ?? NaN;
      if (Number.isNaN(value)) this.null();
      else this.float8(value);
    });
  }

  /** text[], from `width` values at `start`. */
  textArray(values: readonly (string | null)[], start: number, width: number): this {
    return this.#array(OID.text, width, width * 4, (index) => this.text(values[start + index] ?? null));
  }

  #array(elementOid: number, width: number, bytes: number, writeElement: (index: number) => void): this {
    return this.#sized(20 + bytes, () => {
      this.#raw32(width === 0 ? 0 : 1); // dimensions
      this.#raw32(1); // it may hold nulls
      this.#raw32(elementOid);
      if (width === 0) return;
      this.#raw32(width);
      this.#raw32(1); // the first index
      for (let index = 0; index < width; index++) writeElement(index);
    });
  }

  #text(value: string): void {
    const plain = plainText(value);
    this.#sized(plain.length * 3, () => {
      this.#length += this.#buffer.write(plain, this.#length);
    });
  }

  /** Writes a field whose length is known afterwards. */
  #sized(most: number, write: () => void): this {
    this.#room(most + 4);
    const start = this.#length;
    this.#length += 4;
    write();
    this.#buffer.writeInt32BE(this.#length - start - 4, start);
    return this;
  }

  #begin(bytes: number): void {
    this.#room(bytes + 4);
    this.#length = this.#buffer.writeInt32BE(bytes, this.#length);
  }

  #raw32(value: number): void {
    this.#length = this.#buffer.writeInt32BE(value, this.#length);
  }

  #int64(value: number): void {
    const high = Math.floor(value / TWO_TO_32);
    this.#length = this.#buffer.writeInt32BE(high, this.#length);
    this.#length = this.#buffer.writeUInt32BE(value - high * TWO_TO_32, this.#length);
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
